import type { IntegrationSpec } from '../model/route.ts';
import type { LogEntry } from './decide.ts';
import { fingerprintOf } from './group.ts';

/**
 * Lets the group that took over an alert know what the integration was told of it. Says whether the old
 * group need not tell the end: the heir does, or a third group does, under whose key the integration knows
 * the alert. It must, where the heir is already known under another key: whoever opened an incident under
 * one key cannot close it under another.
 */
export function inherit(input: {
  readonly log: Map<string, LogEntry>;
  /** Key of the heir's log entry. */
  readonly heir: string;
  /** The old group's entry, which has `id` among its firing ones. */
  readonly from: LogEntry;
  readonly id: string;
  readonly integration: IntegrationSpec;
}): boolean {
  const { log, heir, from, id } = input;
  const fingerprint = fingerprintOf(id);
  const byThird = from.elsewhere?.includes(fingerprint) ?? false;
  const entry = log.get(heir);
  if (entry === undefined) {
    const { elsewhere: _elsewhere, ...rest } = from;
    const elsewhere = byThird ? { elsewhere: [fingerprint] } : {};
    log.set(heir, { ...rest, firing: [id], resolved: [], ...elsewhere });
    return true;
  }
  const known = entry.firing.some((other) => fingerprintOf(other) === fingerprint);
  if (known && byThird) return true;
  // An integration that splits alerts keys each by itself: the group's key does not matter.
  const sameKey = input.integration.splitsAlerts || entry.dedupKey === from.dedupKey;
  const elsewhere = [...(entry.elsewhere ?? []), ...(sameKey && !byThird ? [] : [fingerprint])];
  log.set(heir, {
    ...entry,
    firing: known ? entry.firing : [...entry.firing, id],
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
  });
  return sameKey || byThird;
}
