import { isUnreadable } from '../../checks/host/host-file.ts';
import { isEverywhere, readListeners, type Listener } from '../../checks/host/listeners.ts';
import type { HostPlaces } from '../../checks/host/places.ts';
import { createOwnerFinder } from '../../checks/host/socket-owner.ts';
import type { Clock } from '../../lib/clock.ts';
import { listenersAskedMax } from '../../model/command-limits.ts';
import type { Proposal } from './proposal.ts';
import { whatSpeaks, type Spoken } from './speaks.ts';

interface Found {
  readonly host: string;
  readonly port: number;
  readonly inode: string;
}

/** Where we listen ourselves. */
const ownPort = 9860;

/** Proposes a check for whatever listens on this host and says what it is. */
export async function proposeListeners(
  places: HostPlaces,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<readonly Proposal[]> {
  const listeners = await readListeners(places.proc, 'tcp');
  if (isUnreadable(listeners)) return [];
  const found = distinct(listeners).filter(({ port }) => port !== ownPort);
  const finder = createOwnerFinder(places);
  const proposals = await Promise.all(
    found.slice(0, listenersAskedMax).map(async (one) => {
      const spoken = await whatSpeaks(one, clock);
      const { owners } = await finder.find([one.inode], signal);
      const program = owners[0]?.names[0];
      return proposalFor(one, spoken, program);
    }),
  );
  return proposals.flatMap((one) => one ?? []);
}

/** One address for each port, in order: loopback where that is enough. */
function distinct(listeners: readonly Listener[]): readonly Found[] {
  const byPort = new Map<number, Found>();
  for (const { address, port, inode } of listeners.toSorted((a, b) => a.port - b.port)) {
    const host = isEverywhere(address) ? '127.0.0.1' : address;
    if (!byPort.has(port) || host === '127.0.0.1') byPort.set(port, { host, port, inode });
  }
  return [...byPort.values()];
}

function proposalFor(
  { host, port }: Found,
  spoken: Spoken,
  program: string | undefined,
): Proposal | undefined {
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const who = program ?? 'something';
  const name = (type: string): string =>
    program === undefined ? `${type} ${port}` : `${program} ${port}`;
  const tcp = (dialogue: readonly object[]): Proposal['check'] => ({
    name: name('tcp'),
    type: 'tcp',
    target: place,
    ...(dialogue.length === 0 ? {} : { tcp: { query_response: dialogue } }),
  });
  if (spoken.kind === 'closed') return undefined;
  switch (spoken.kind) {
    case 'http': {
      const block = spoken.status === 200 ? {} : { http: { valid_status_codes: [spoken.status] } };
      const check = { name: name('http'), type: 'http', target: `http://${place}${spoken.path}` };
      const because = `${who} answers GET ${spoken.path} on port ${port} with ${spoken.status}`;
      return { check: { ...check, ...block }, because };
    }
    case 'redis':
    case 'postgres':
      return {
        check: { name: `${spoken.kind} ${port}`, type: spoken.kind, target: place },
        because: `${spoken.kind === 'redis' ? 'Redis' : 'PostgreSQL'} listens on port ${port}`,
      };
    case 'smtp':
      return {
        check: { name: name('smtp'), type: 'smtp', target: place, tls: 'none' },
        because: `a mail server greets on port ${port}`,
      };
    case 'ssh':
      return {
        check: tcp([{ expect: '^SSH-2.0-' }]),
        because: `an SSH server greets on port ${port}`,
      };
    case 'tls':
      return {
        check: { name: `certificate ${place}`, type: 'certificate', target: place, verify: false },
        because: `${who} speaks TLS on port ${port}`,
      };
    case 'silent':
      // At least it takes connections.
      break;
    // no default
  }
  return { check: tcp([]), because: `${who} listens on port ${port}` };
}
