import { humanDuration } from '../lib/duration.ts';
import { notOk, ok } from '../model/result.ts';
import { checkType } from './check-type.ts';

/** Judges the agent itself: its scheduler, store, outbox and memory, as the agent reports them. */
export const agent = checkType({
  entries: {},
  defaults: { intervalMs: 15_000 },
  open(_spec, { view }) {
    return {
      async run() {
        const health = view.health();
        const values = [
          { metric: 'outbox_pending', value: health.outboxPending },
          { metric: 'outbox_oldest_seconds', value: health.outboxOldestMs / 1000, unit: 's' },
          { metric: 'scheduler_lag_seconds', value: health.schedulerLagMs / 1000, unit: 's' },
          { metric: 'resident_bytes', value: health.residentBytes, unit: 'B' },
        ];
        if (health.problems.length === 0) {
          const lag = humanDuration(health.schedulerLagMs);
          return ok(`the agent is sound: runs start ${lag} late at most`, { values });
        }
        const critical = health.problems.some((problem) => problem.critical);
        const summary = health.problems.map((problem) => problem.summary).join('; ');
        return notOk(critical ? 'critical' : 'warning', 'internal', summary, { values });
      },
    };
  },
});
