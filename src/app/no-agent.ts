import type { RecordedResult } from '../model/result.ts';
import type { AgentView } from '../model/view.ts';

/** What checks see of an agent that is not there: the results of this round. */
export function viewWithoutAgent(found: ReadonlyMap<string, RecordedResult>): AgentView {
  return {
    check(name) {
      const result = found.get(name);
      if (result === undefined) return undefined;
      const isDown = result.status === 'critical';
      return {
        phase: isDown ? 'firing' : 'inactive',
        up: !isDown,
        known: result.status !== 'unknown',
        latest: result,
      };
    },
    heartbeat: () => undefined,
    health: () => ({
      problems: [],
      outboxPending: 0,
      outboxOldestMs: 0,
      schedulerLagMs: 0,
      residentBytes: 0,
    }),
  };
}
