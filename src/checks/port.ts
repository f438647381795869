import { isIP } from 'node:net';
import * as v from 'valibot';
import { defaultedKey, nonEmptyText, optionalKey, type OutputOf } from '../lib/schema-atoms.ts';
import { notOk, ok, type CheckResult, type MeasuredValue } from '../model/result.ts';
import { checkType } from './check-type.ts';
import { couldNotLook, isUnreadable } from './host/host-file.ts';
import { isEverywhere, isLoopback, readListeners, type Listener } from './host/listeners.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';
import { createUnitsSeen } from './host/process-unit.ts';
import { createOwnerFinder, type OwnerSearch } from './host/socket-owner.ts';

const portMessage = 'a port, 1 to 65535';

const entries = {
  port: v.pipe(
    v.number(portMessage),
    v.integer(portMessage),
    v.minValue(1, portMessage),
    v.maxValue(65_535, portMessage),
    v.description('The port that somebody on this host must listen on.'),
  ),
  protocol: defaultedKey('tcp or udp.', v.picklist(['tcp', 'udp'], 'tcp or udp'), 'tcp'),
  address: optionalKey(
    'Where it must be reached: loopback (and nowhere else), any (all addresses), or an address.',
    v.pipe(
      v.string('loopback, any or an IP address'),
      v.check(
        (text) => text === 'loopback' || text === 'any' || isIP(text) !== 0,
        'loopback, any or an IP address',
      ),
    ),
  ),
  process: optionalKey('The program that must be the one that listens.', nonEmptyText),
};

type Options = OutputOf<typeof entries>;

/** Judges whether somebody listens on a port of this host, where, and who. */
export const portOf = (places: HostPlaces) =>
  checkType({
    entries,
    target: ({ port, protocol }) => `${port}/${protocol}`,
    open({ options }) {
      const finder = createOwnerFinder(places);
      const units = createUnitsSeen(places.proc);
      return {
        async run({ signal }) {
          const all = await readListeners(places.proc, options.protocol);
          if (isUnreadable(all)) return couldNotLook(all);
          const sockets = all.filter(({ port }) => port === options.port);
          const inodes = sockets.map(({ inode }) => inode);
          const search = inodes.length === 0 ? nobody : await finder.find(inodes, signal);
          await units.see(search.owners.map(({ pid }) => pid));
          return units.tellIn(judge(sockets, search, options));
        },
      };
    },
  });

export const port = portOf(hostPlaces);

const nobody: OwnerSearch = { owners: [], byInode: new Map(), hidden: 0 };

function judge(sockets: readonly Listener[], search: OwnerSearch, options: Options): CheckResult {
  const what = `port ${options.port}/${options.protocol}`;
  const values = valuesOf(sockets, options);
  if (sockets.length === 0) {
    return notOk('critical', 'missing', `nobody listens on ${what}`, { values });
  }
  const where = [...new Set(sockets.map(({ address }) => address))].join(', ');
  const listens = `${what} is listened on${byWhom(search)} at ${where}`;
  const misplaced = judgeAddress(sockets, options.address);
  if (misplaced?.status === 'critical') {
    return notOk('critical', 'status', `${listens}, ${misplaced.wanted}`, { values });
  }
  const { process: wanted } = options;
  const owned = search.owners.some(({ names }) => wanted !== undefined && names.includes(wanted));
  if (wanted !== undefined && !owned) {
    if (search.owners.length > 0) {
      return notOk('critical', 'status', `${listens}, wanted ${wanted}`, { values });
    }
    const user = sockets[0]?.uid ?? 0;
    const sentence =
      `${listens} by a process of user ${user}, but whether it is ${wanted} the agent may not see: it ` +
      'needs AmbientCapabilities=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH, or to run as that user';
    return notOk('unknown', 'permission', sentence, { values });
  }
  if (misplaced !== undefined) {
    return notOk('warning', 'status', `${listens}, ${misplaced.wanted}`, { values });
  }
  return ok(listens, { values });
}

function byWhom({ owners }: OwnerSearch): string {
  const [first] = owners;
  if (first === undefined) return '';
  const others = owners.length > 1 ? ` and ${owners.length - 1} more` : '';
  return ` by ${first.names.at(-1) ?? 'a process'} (pid ${first.pid})${others}`;
}

/** What is wrong with the addresses, as the end of a sentence. */
function judgeAddress(
  sockets: readonly Listener[],
  wanted: string | undefined,
): { readonly status: 'warning' | 'critical'; readonly wanted: string } | undefined {
  if (wanted === undefined) return undefined;
  const reaches = (test: (address: string) => boolean): boolean =>
    sockets.some(({ address }) => test(address));
  if (wanted === 'any') {
    return reaches(isEverywhere)
      ? undefined
      : { status: 'critical', wanted: 'wanted all addresses' };
  }
  if (wanted === 'loopback') {
    if (!reaches((address) => isLoopback(address) || isEverywhere(address))) {
      return { status: 'critical', wanted: 'wanted loopback' };
    }
    return sockets.every(({ address }) => isLoopback(address))
      ? undefined
      : { status: 'warning', wanted: 'wanted loopback only: others can reach it' };
  }
  return reaches((address) => address === wanted || isEverywhere(address))
    ? undefined
    : { status: 'critical', wanted: `wanted ${wanted}` };
}

function valuesOf(sockets: readonly Listener[], { protocol }: Options): readonly MeasuredValue[] {
  const waiting = sockets.reduce((sum, socket) => sum + socket.waiting, 0);
  return [
    { metric: 'listening_sockets', value: sockets.length },
    ...(protocol === 'tcp' ? [{ metric: 'waiting_connections', value: waiting }] : []),
  ];
}
