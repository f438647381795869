import { isUnreadable } from '../../checks/host/host-file.ts';
import type { HostPlaces } from '../../checks/host/places.ts';
import {
  findInstallation,
  findStateFolders,
  type Installation,
} from '../../checks/openclaw/installation.ts';
import { counted } from '../../model/counted.ts';
import type { Findings, Proposal } from './proposal.ts';

/** A check for each gateway of OpenClaw, in the home of whichever user, by its state folder. */
export async function proposeOpenClaw(places: HostPlaces, signal: AbortSignal): Promise<Findings> {
  const { folders, hidden } = await findStateFolders(places, signal);
  const looks = folders.map(async (folder) =>
    findInstallation({ state_dir: folder }, places, signal),
  );
  const seen = (await Promise.all(looks)).flatMap((one) => (isUnreadable(one) ? [] : [one]));
  const found = seen.filter(isGateway);
  const proposals = found.map(({ stateFolder, port }): Proposal => {
    const name = found.length === 1 ? 'openclaw' : `openclaw ${stateFolder}`;
    return {
      section: 'openclaw',
      check: { name, type: 'openclaw', state_dir: stateFolder },
      because: `OpenClaw has its state in ${stateFolder}`,
      covers: [port],
    };
  });
  const remarks =
    hidden.length === 0
      ? []
      : [
          `${counted(hidden.length, 'home')} of other users could not be searched for OpenClaw: run it as root`,
        ];
  return { proposals, remarks };
}

/** The folder alone is left by the command line of a gateway elsewhere. */
function isGateway({ configFile, lock }: Installation): boolean {
  return configFile.kind !== 'absent' || (lock !== undefined && !isUnreadable(lock));
}
