import type { CheckEnvironment, CheckMemory } from '../checks/check-type.ts';
import type { Clock } from '../lib/clock.ts';
import type { AgentHealth } from '../model/view.ts';
import type { Heartbeats } from './people/heartbeats.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import type { StalledWatch } from './watching/stalled-watch.ts';

/** What the checks of an agent may know of it; its parts are looked at when a check asks. */
export function checkEnvironment(
  agent: {
    readonly clock: Clock;
    readonly pipeline: Pipeline;
    readonly heartbeats: Heartbeats;
    health(): AgentHealth;
    readonly own: { readonly stalled: Pick<StalledWatch, 'since'> };
  },
  memory: CheckMemory,
): CheckEnvironment {
  return {
    clock: agent.clock,
    memory,
    view: {
      check(name) {
        const view = agent.pipeline.view(name);
        // What is known to be down stays so while nobody can look.
        const isStalled = view?.up === true && agent.own.stalled.since(name) !== undefined;
        return isStalled ? { ...view, known: false } : view;
      },
      isFiring: (name) => agent.pipeline.track(name).state.phase === 'firing',
      heartbeat: (name) => agent.heartbeats.get(name),
      health: () => agent.health(),
    },
  };
}
