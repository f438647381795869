import type { Alert } from '../model/alert.ts';
import type { LogEntry } from './decide.ts';
import { fingerprintOf, type SavedGroup } from './group.ts';

/** Former fingerprints to the same alerts under the labels that the present configuration gives them. */
type Relabelled = ReadonlyMap<string, Alert>;

/** A group with its alerts under their present labels. */
export function underPresentLabels(old: SavedGroup, relabelled: Relabelled): SavedGroup {
  if (relabelled.size === 0) return old;
  const present = (alert: Alert): Alert => {
    const fresh = relabelled.get(alert.fingerprint);
    if (fresh === undefined) return alert;
    return alert.endsAt === undefined ? fresh : { ...fresh, endsAt: alert.endsAt };
  };
  const rename = (fingerprint: string): string =>
    relabelled.get(fingerprint)?.fingerprint ?? fingerprint;
  return {
    ...old,
    alerts: old.alerts.map(present),
    departed: old.departed.map(rename),
    ...(old.tellings === undefined
      ? {}
      : { tellings: old.tellings.map(([one, telling]) => [rename(one), telling] as const) }),
  };
}

/** An entry of the log with the present fingerprints; the very same one where none has changed. */
export function renamedEntry(entry: LogEntry, relabelled: Relabelled): LogEntry {
  const rename = (id: string): string => {
    const former = fingerprintOf(id);
    return `${relabelled.get(former)?.fingerprint ?? former}${id.slice(former.length)}`;
  };
  const { firing, resolved, elsewhere = [] } = entry;
  const isRenamed = (id: string): boolean => relabelled.size > 0 && rename(id) !== id;
  if (![...firing, ...resolved, ...elsewhere].some(isRenamed)) return entry;
  return {
    ...entry,
    firing: firing.map(rename),
    resolved: resolved.map(rename),
    ...(elsewhere.length === 0 ? {} : { elsewhere: elsewhere.map(rename) }),
  };
}
