import type { RecordedNotification } from '../../model/recording.ts';
import type { WallMs } from '../../model/time.ts';
import type { Told } from '../../model/told.ts';
import type { WouldTell } from './replay.ts';

/** One line of the comparison: what was sent, what would be sent, or both where they are the same news. */
export type Compared = { readonly at: WallMs } & (
  | { readonly kind: 'both'; readonly sent: RecordedNotification; readonly would: WouldTell }
  | { readonly kind: 'not told' | 'not played'; readonly sent: RecordedNotification }
  | { readonly kind: 'only new'; readonly would: WouldTell }
);

/** The same news to the same receiver this far apart is the same message, sooner or later. */
const sameNewsWithinMs = 30 * 60_000;

/**
 * Lays both lists side by side, by time: of the same news, what lies nearest together is one message. What
 * was sent about alerts that others posted is `not played`: a recording has only the results of checks.
 */
export function compareReplay(
  sent: readonly RecordedNotification[],
  would: readonly WouldTell[],
): Compared[] {
  const paired = new Map<RecordedNotification, WouldTell>();
  const taken = new Set<WouldTell>();
  const pairs = [...candidates(sent, would)].toSorted((a, b) => a.apartMs - b.apartMs);
  for (const pair of pairs) {
    if (paired.has(pair.sent) || taken.has(pair.would)) continue;
    paired.set(pair.sent, pair.would);
    taken.add(pair.would);
  }
  const compared = sent.map((one): Compared => {
    const twin = paired.get(one);
    if (twin !== undefined) return { at: one.at, kind: 'both', sent: one, would: twin };
    return { at: one.at, kind: one.ofChecks ? 'not told' : 'not played', sent: one };
  });
  for (const one of would) {
    if (!taken.has(one)) compared.push({ at: one.at, kind: 'only new', would: one });
  }
  return compared.toSorted((a, b) => a.at - b.at);
}

/** Messages of the same news that are looked at on either side of a moment. */
const neighboursMax = 10;

/** Every two messages of the same news that are near enough. Both lists are in order of time. */
function* candidates(
  sent: readonly RecordedNotification[],
  would: readonly WouldTell[],
): Generator<{ sent: RecordedNotification; would: WouldTell; apartMs: number }> {
  const byNews = new Map<string, WouldTell[]>();
  for (const one of would) {
    const list = byNews.get(newsOf(one)) ?? [];
    byNews.set(newsOf(one), list);
    list.push(one);
  }
  for (const one of sent) {
    const list = one.ofChecks ? (byNews.get(newsOf(one)) ?? []) : [];
    const after = list.findIndex(({ at }) => at >= one.at);
    const middle = after === -1 ? list.length : after;
    const near = list.slice(Math.max(0, middle - neighboursMax), middle + neighboursMax);
    for (const twin of near) {
      const apartMs = Math.abs(twin.at - one.at);
      if (apartMs <= sameNewsWithinMs) yield { sent: one, would: twin, apartMs };
    }
  }
}

function newsOf({ receiver, status, firing, resolved }: Told): string {
  return JSON.stringify([receiver, status, firing, resolved]);
}
