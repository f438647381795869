import { hostPlaces, type HostPlaces } from '../../checks/host/places.ts';
import { plainName, takeName } from '../../config/check-name.ts';
import { systemClock } from '../../lib/clock.ts';
import { initLookMs } from '../../model/command-limits.ts';
import type { Config } from '../../model/config.ts';
import type { RecordedResult } from '../../model/result.ts';
import { checkOnce } from '../check-once.ts';
import { loadFromText, type Surroundings } from '../load.ts';
import { alreadyWatched } from './already-watched.ts';
import { proposed, type Findings, type Proposal } from './proposal.ts';
import { proposalsText } from './proposal-text.ts';
import { proposeContainers } from './propose-containers.ts';
import { proposeHost } from './propose-host.ts';
import { findListeners, proposeListeners } from './propose-listeners.ts';
import { proposeOpenClaw } from './propose-openclaw.ts';
import { proposeSites } from './propose-sites.ts';
import { proposeSockets } from './propose-sockets.ts';
import { proposeUnits } from './propose-units.ts';

/** A proposal that was tried. */
export interface TriedProposal extends Proposal {
  readonly result: RecordedResult;
  /** Whether it is left out for now: it cannot look, or lacks a right or a password. */
  readonly isOff: boolean;
}

/** Checks that would suit a host, each of them tried, and what could not be seen of it. */
export interface Proposed {
  readonly proposals: readonly TriedProposal[];
  readonly remarks: readonly string[];
}

/**
 * Looks at this host, and tries a check for everything it finds that `present` has not. Nothing is asked,
 * and nothing is changed. Certificates and answers are looked at on this host alone, but for the public
 * names that its web servers have.
 */
export async function proposeConfiguration(
  present: Config | undefined,
  around: Surroundings,
  places: HostPlaces = hostPlaces,
): Promise<Proposed> {
  const { proposals: found, remarks } = await lookAround(places);
  const { proposals: news, specs, config } = await onlyNews(found, present, around);
  const results = await checkOnce(specs, config);
  const proposals = await withOthers(tie(news, results), around);
  return { proposals, remarks };
}

/** What else a proposal may be tried as, at most: the whole way, the site, the site that lets nobody in. */
const otherTries = 2;

/** Puts what else passes in the place of what does not. */
async function withOthers(
  tried: readonly TriedProposal[],
  around: Surroundings,
  left: number = otherTries,
): Promise<readonly TriedProposal[]> {
  const others = tried.flatMap(({ section, check, otherwise, result }): Proposal[] => {
    const other = result.status === 'ok' ? undefined : otherwise?.(result);
    return other === undefined
      ? []
      : [{ section, ...other, check: { ...other.check, name: check.name } }];
  });
  if (others.length === 0 || left === 0) return tried;
  const again = await withOthers(await tryAll(others, around), around, left - 1);
  const better = new Map(
    again.filter(({ result }) => result.status === 'ok').map((one) => [one.check.name, one]),
  );
  return tried.map((one) => better.get(one.check.name) ?? one);
}

async function lookAround(places: HostPlaces): Promise<Findings> {
  const limits = { clock: systemClock(), signal: AbortSignal.timeout(initLookMs) };
  const listening = await findListeners(places);
  const [host, openclaw, units, containers, sites] = await Promise.all([
    proposeHost(places),
    proposeOpenClaw(places, limits.signal),
    proposeUnits(places, limits),
    proposeContainers(places),
    proposeSites(places, new Set(listening.map(({ port }) => port))),
  ]);
  const covered = new Set(
    [...openclaw.proposals, ...sites.proposals].flatMap(({ covers = [] }) => covers),
  );
  const open = listening.filter(({ port }) => !covered.has(port));
  const listeners = await proposeListeners(open, places, limits);
  const types = new Set(listeners.proposals.map(({ check }) => check.type));
  const sockets = await proposeSockets(places, types);
  const all = [
    proposed(...host),
    openclaw,
    units,
    proposed(...containers),
    listeners,
    proposed(...sockets),
    sites,
  ];
  return {
    proposals: all.flatMap(({ proposals }) => proposals),
    remarks: all.flatMap(({ remarks }) => remarks),
  };
}

/** The proposals for what no present check looks at, as a configuration. */
async function onlyNews(
  found: readonly Proposal[],
  present: Config | undefined,
  around: Surroundings,
) {
  const proposals = unnamesake(found, present);
  const config = await configOf(proposals, around);
  const isKnown = present === undefined ? () => false : alreadyWatched(present);
  const specs = config.checks.filter((spec) => {
    const proposal = proposals.find(({ check }) => check.name === spec.name);
    return proposal !== undefined && !isKnown(spec, proposal.port);
  });
  return { proposals, specs, config };
}

async function tryAll(
  proposals: readonly Proposal[],
  around: Surroundings,
): Promise<readonly TriedProposal[]> {
  const config = await configOf(proposals, around);
  const names = new Set(proposals.map(({ check }) => check.name));
  const specs = config.checks.filter(({ name }) => names.has(name));
  return tie(proposals, await checkOnce(specs, config));
}

async function configOf(proposals: readonly Proposal[], around: Surroundings): Promise<Config> {
  const loaded = await loadFromText(proposalsText(proposals), around, 'proposal');
  // Every proposal is made of fixed keys: that one is refused is our mistake.
  if (!loaded.ok) throw new Error(`proposed what cannot be: ${loaded.problems.join('; ')}`);
  return loaded.config;
}

function tie(
  proposals: readonly Proposal[],
  results: readonly RecordedResult[],
): readonly TriedProposal[] {
  return proposals.flatMap((proposal) => {
    const result = results.find(({ check }) => check === proposal.check.name);
    return result === undefined ? [] : [{ ...proposal, result, isOff: isOff(result) }];
  });
}

/** The same proposals, with names that neither the others nor the present checks have. */
function unnamesake(
  proposals: readonly Proposal[],
  present: Config | undefined,
): readonly Proposal[] {
  const others = [...(present?.checks ?? []), ...(present?.switchedOff ?? [])];
  const known = new Map(others.map((spec) => [spec.name, spec.type as string]));
  const taken = new Set<string>();
  return proposals.map((proposal) => {
    const { type } = proposal.check;
    // Units and paths are called what no check may be called, such as postgresql@15-main.
    const name = plainName(proposal.check.name) || type;
    // A present check of that name and another type is something else.
    const others = [...known].filter(([, other]) => other !== type).map(([other]) => other);
    const free = takeName(name, new Set([...taken, ...others]));
    taken.add(free);
    return { ...proposal, check: { ...proposal.check, name: free } };
  });
}

function isOff({ status, reason }: RecordedResult): boolean {
  return status === 'unknown' || reason === 'auth' || reason === 'permission';
}
