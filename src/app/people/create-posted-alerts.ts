import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import type { Metrics } from '../../metrics/metrics.ts';
import type { Alert } from '../../model/alert.ts';
import type { CheckSpec } from '../../model/check.ts';
import type { Config } from '../../model/config.ts';
import type { Saved } from '../../store/store.ts';
import type { Journal } from '../pipeline/journal.ts';
import { PostedAlerts } from './posted-alerts.ts';

/** The alerts that others post to this agent, with what an earlier process left of them. */
export function createPostedAlerts(parts: {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly saved: Saved;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly config: () => Config;
  readonly specs: () => ReadonlyMap<string, CheckSpec>;
  readonly offer: (alerts: readonly Alert[]) => void;
}): PostedAlerts {
  const { clock, journal, saved, metrics, log, offer } = parts;
  return new PostedAlerts(
    {
      clock,
      journal,
      offer,
      resolveTimeoutMs: () => parts.config().resolveTimeoutMs,
      isOwn: ({ check = '', host }) =>
        host === parts.config().agent.name && parts.specs().has(check),
      onPosted(counts, faults) {
        metrics.posted(counts);
        // One line a request, with the first reason: the rest is in the answer.
        const refused = counts.invalid + counts.refused;
        const reason = faults[0] ?? 'there are too many';
        if (refused > 0) log.warn('alerts that others post were refused', { refused, reason });
      },
    },
    saved.kept.get('posted_alert'),
    saved.anchor === undefined ? 0 : clock.now().steadyMs - saved.anchor.steadyMs,
  );
}
