import type { CheckEnvironment, CheckMemory } from '../checks/check-type.ts';
import type { Clock } from '../lib/clock.ts';
import type { AgentHealth } from '../model/view.ts';
import type { Heartbeats } from './people/heartbeats.ts';
import type { Pipeline } from './pipeline/pipeline.ts';

/** What the checks of an agent may know of it; its parts are looked at when a check asks. */
export function checkEnvironment(
  agent: {
    readonly clock: Clock;
    readonly pipeline: Pipeline;
    readonly heartbeats: Heartbeats;
    health(): AgentHealth;
  },
  memory: CheckMemory,
): CheckEnvironment {
  return {
    clock: agent.clock,
    memory,
    view: {
      check: (name) => agent.pipeline.view(name),
      isFiring: (name) => agent.pipeline.track(name).state.phase === 'firing',
      heartbeat: (name) => agent.heartbeats.get(name),
      health: () => agent.health(),
    },
  };
}
