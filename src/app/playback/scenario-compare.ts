import type { AlertPhase } from '../../model/alert.ts';
import type { ExpectedNotification, ExpectedPhase, Scenario } from '../../model/scenario.ts';
import type { Told } from '../../model/told.ts';

/** What one receiver was told in a scenario, so many milliseconds after its start. */
export interface ToldNotification extends Told {
  readonly atMs: number;
  readonly text: string;
}

export type Difference =
  | { readonly kind: 'phase'; readonly expected: ExpectedPhase; readonly phase: AlertPhase }
  | { readonly kind: 'unexpected'; readonly told: ToldNotification }
  | {
      readonly kind: 'missing';
      readonly expected: ExpectedNotification;
      /** What comes nearest of what nobody expected, and in which keys it differs. */
      readonly nearest?: { readonly told: ToldNotification; readonly keys: readonly string[] };
    };

/**
 * Each message that was told has to be expected by one entry, and the other way round. Entries are looked at
 * in their order, each takes the earliest message that fits it.
 */
export function compare(
  { notifications }: Pick<Scenario, 'notifications'>,
  told: readonly ToldNotification[],
): Difference[] {
  if (notifications === undefined) return [];
  const left = [...told];
  const missing: ExpectedNotification[] = [];
  for (const expected of notifications) {
    const position = left.findIndex((one) => differing(expected, one).length === 0);
    if (position === -1) missing.push(expected);
    else left.splice(position, 1);
  }
  const differences = missing.map((expected): Difference => {
    const nearest = left
      .map((one) => ({ told: one, keys: differing(expected, one) }))
      .toSorted((a, b) => a.keys.length - b.keys.length)[0];
    return { kind: 'missing', expected, ...(nearest === undefined ? {} : { nearest }) };
  });
  return [...differences, ...left.map((one): Difference => ({ kind: 'unexpected', told: one }))];
}

/** The keys in which a message is not what was expected. */
function differing(expected: ExpectedNotification, told: ToldNotification): string[] {
  const { atMs, receiver, status, reason, alerts, firing, resolved, text } = expected;
  const sameNames = (wanted: readonly string[] | undefined, found: readonly string[]): boolean =>
    wanted === undefined || wanted.toSorted().join('\n') === found.toSorted().join('\n');
  const judgements: readonly (readonly [string, boolean])[] = [
    ['at', atMs === undefined || atMs === told.atMs],
    ['receiver', receiver === undefined || receiver === told.receiver],
    ['status', status === undefined || status === told.status],
    ['reason', reason === undefined || reason === told.reason],
    ['alerts', sameNames(alerts, [...told.firing, ...told.resolved])],
    ['firing', sameNames(firing, told.firing)],
    ['resolved', sameNames(resolved, told.resolved)],
    ['text', (text ?? []).every((part) => told.text.includes(part))],
  ];
  return judgements.flatMap(([key, fits]) => (fits ? [] : [key]));
}
