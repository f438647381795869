import { homedir } from 'node:os';
import { hostPlaces, type HostPlaces } from '../../checks/host/places.ts';
import { systemClock } from '../../lib/clock.ts';
import type { CheckSpec } from '../../model/check.ts';
import type { Config } from '../../model/config.ts';
import { initLookMs } from '../../model/command-limits.ts';
import type { RecordedResult } from '../../model/result.ts';
import { checkOnce } from '../check-once.ts';
import { loadFromText, type Surroundings } from '../load.ts';
import type { Proposal } from './proposal.ts';
import { proposalsText } from './proposal-text.ts';
import {
  proposeCertificates,
  proposeContainers,
  proposeHost,
  proposeOpenClaw,
  proposeSites,
  proposeUnits,
} from './propose-host.ts';
import { proposeListeners } from './propose-listeners.ts';

/** A proposal that was tried. */
export interface TriedProposal extends Proposal {
  readonly result: RecordedResult;
  /** Whether it is left out for now: it cannot look, or lacks a right or a password. */
  readonly isOff: boolean;
}

const gatewayPort = 18_789;

/**
 * Looks at this host, and tries a check for everything it finds that `present` has not. Nothing is asked,
 * and nothing is changed. Certificates and answers are looked at on this host alone, but for the public
 * names that its web servers have.
 */
export async function proposeConfiguration(
  present: Config | undefined,
  around: Surroundings,
  places: HostPlaces = hostPlaces,
): Promise<readonly TriedProposal[]> {
  const proposals = unnamesake(await lookAround(places), present);
  if (proposals.length === 0) return [];
  const loaded = await loadFromText(proposalsText(proposals), around, 'proposal');
  // Every proposal is made of fixed keys: that one is refused is our mistake.
  if (!loaded.ok) throw new Error(`proposed what cannot be: ${loaded.problems.join('; ')}`);
  const { config } = loaded;
  const known = new Set((present?.checks ?? []).flatMap(identities));
  const fresh = config.checks.filter(
    (spec) => spec.type !== 'agent' && !identities(spec).some((one) => known.has(one)),
  );
  const results = await checkOnce(fresh, config);
  return proposals.flatMap((proposal) => {
    const result = results.find(({ check }) => check === proposal.check.name);
    return result === undefined ? [] : [{ ...proposal, result, isOff: isOff(result) }];
  });
}

async function lookAround(places: HostPlaces): Promise<readonly Proposal[]> {
  const limits = { clock: systemClock(), signal: AbortSignal.timeout(initLookMs) };
  const [units, listeners, sites, openclaw] = await Promise.all([
    proposeUnits(places, limits),
    proposeListeners(places, limits),
    proposeSites(places),
    proposeOpenClaw([homedir(), '/home/openclaw', '/opt/openclaw', '/root'], gatewayPort),
  ]);
  const isServed = listeners.some(({ check }) => String(check['target']).endsWith(':443'));
  const certificates = await proposeCertificates(places, isServed);
  const others = listeners.filter(({ check }) => {
    const target = String(check['target']);
    // The gateway and the named certificates have checks of their own.
    if (openclaw.length > 0 && target.includes(`:${gatewayPort}`)) return false;
    return certificates.length === 0 || !(check.type === 'certificate' && target.endsWith(':443'));
  });
  const groups = [proposeHost(), openclaw, units, proposeContainers(places)];
  return [...groups.flat(), ...others, ...certificates, ...sites];
}

/** The same proposals, with names that neither the others nor the present checks have. */
function unnamesake(
  proposals: readonly Proposal[],
  present: Config | undefined,
): readonly Proposal[] {
  const taken = new Set<string>();
  const isTaken = (name: string): boolean => taken.has(name);
  const known = new Map((present?.checks ?? []).map((spec) => [spec.name, spec.type]));
  return proposals.map((proposal) => {
    const { name, type } = proposal.check;
    let free = name;
    for (let number = 2; isTaken(free); number += 1) free = `${name} ${number}`;
    // A present check of that name and another type is something else.
    if (known.has(free) && known.get(free) !== type) free = `${free} (${type})`;
    taken.add(free);
    return { ...proposal, check: { ...proposal.check, name: free } };
  });
}

/** What a check looks at, so that the same thing is not proposed twice; units are told one by one. */
function identities({ type, target, name }: CheckSpec): readonly string[] {
  if (type === 'systemd' && target !== undefined) {
    return target.split(', ').map((unit) => `systemd ${unit}`);
  }
  const place = (target ?? '').replace(/^https?:\/\/(?=127\.|localhost|\[::1\])/, '').split('/')[0];
  const what = type === 'http' && target?.startsWith('https:') ? target : (place ?? '');
  return [`${type} ${what}`, `name ${name}`];
}

function isOff({ status, reason }: RecordedResult): boolean {
  return status === 'unknown' || reason === 'auth' || reason === 'permission';
}
