import { alertLabels, type AlertOrigin, type Track } from '../../alerts/track.ts';
import type { CheckSpec } from '../../model/check.ts';
import type { Labels } from '../../model/labels.ts';
import type { RecordedResult } from '../../model/result.ts';
import type { Dispatcher } from '../../routing/dispatcher.ts';
import type { KeptSilence } from '../../routing/silences.ts';

/**
 * Whether a silence that lasts until all is well may end: no alert that it matches fires, and every check
 * that it matches, at whatever severity, was looked at since the silence was asked for and is sound.
 */
export function isAllWell(
  { silence, askedAt }: KeptSilence,
  world: {
    readonly specs: ReadonlyMap<string, CheckSpec>;
    readonly origin: Pick<AlertOrigin, 'labels'>;
    readonly track: (check: string) => Track;
    readonly recent: (check: string) => readonly RecordedResult[];
    readonly dispatcher: Dispatcher;
  },
): boolean {
  const matches = (labels: Labels): boolean =>
    silence.matchers.every((matcher) => matcher.matches(labels));
  for (const spec of world.specs.values()) {
    const levels = ['critical', 'warning'] as const;
    if (!levels.some((level) => matches(alertLabels(spec, world.origin, level)))) continue;
    const last = world.recent(spec.name).at(-1);
    if (last?.status !== 'ok' || last.startedAt.steadyMs < askedAt) return false;
    if (world.track(spec.name).state.phase !== 'inactive') return false;
  }
  for (const { alert } of world.dispatcher.active()) if (matches(alert.labels)) return false;
  return true;
}
