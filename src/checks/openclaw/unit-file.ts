import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isUnreadable, readHostFile } from '../host/host-file.ts';
import type { HostPlaces } from '../host/places.ts';
import { readUnitText, type UnitText } from './environment-file.ts';
import { readSmallFile } from './small-file.ts';

/** The unit that OpenClaw writes for the user of the gateway. */
const ownUnit = /^openclaw-gateway.*\.service$/;

/** What the unit file of a gateway and what was added to it say; undefined if it cannot be read. */
export async function unitTextOf(
  unit: string | undefined,
  stateFolder: string,
  { etc }: HostPlaces,
): Promise<UnitText | undefined> {
  if (unit === undefined) return undefined;
  const system = ['systemd/system', 'systemd/user'].map((name) => join(etc, name));
  for (const folder of [userUnitsOf(stateFolder), ...system]) {
    const file = await readSmallFile(join(folder, unit));
    if (file.kind !== 'text') continue;
    const added = await dropInsOf(join(folder, `${unit}.d`));
    const said = readUnitText([file.text, ...added].join('\n'));
    const home = dirname(stateFolder);
    const files = said.environmentFiles.map((path) => path.replace(/^%h/, home));
    return { ...said, environmentFiles: files };
  }
  return undefined;
}

async function dropInsOf(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.conf'));
  const files = await Promise.all(
    names.toSorted().map(async (name) => readSmallFile(join(folder, name))),
  );
  return files.flatMap((file) => (file.kind === 'text' ? [file.text] : []));
}

/** A unit of systemd, and the user whose manager it belongs to; that of the system if there is none. */
export interface GatewayUnit {
  readonly name: string;
  readonly userId: number | undefined;
}

/** The unit of systemd in which a process runs; undefined outside of one. */
export async function unitOf(pid: number, proc: string): Promise<GatewayUnit | undefined> {
  const read = await readHostFile(`${proc}/${pid}/cgroup`, (text) => ({ text }));
  if (isUnreadable(read)) return undefined;
  const [, path = '', name] = /^\d+:[^:]*:(.*)\/([^/\n]+\.service)$/m.exec(read.text) ?? [];
  if (name === undefined) return undefined;
  const user = /\/user@(\d+)\.service(?:\/|$)/.exec(path)?.[1];
  return { name, userId: user === undefined ? undefined : Number(user) };
}

/** The unit that OpenClaw installed for the user who owns the state folder, where it is the only one. */
export async function installedUnit(stateFolder: string): Promise<GatewayUnit | undefined> {
  const [only, ...more] = await ownUnits(stateFolder);
  if (only === undefined || more.length > 0) return undefined;
  const owner = await stat(stateFolder).catch(() => undefined);
  return owner === undefined ? undefined : { name: only, userId: owner.uid };
}

async function ownUnits(stateFolder: string): Promise<readonly string[]> {
  return (await readdir(userUnitsOf(stateFolder)).catch(() => [])).filter((name) =>
    ownUnit.test(name),
  );
}

function userUnitsOf(stateFolder: string): string {
  return join(dirname(stateFolder), '.config', 'systemd', 'user');
}
