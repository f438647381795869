import type { GatewayCommand } from '../../checks/openclaw/gateway-command.ts';
import {
  gatewayBlockers,
  judgeGatewayLife,
  judgeGatewayStart,
} from '../../checks/openclaw/gateway-life.ts';
import type { Clock } from '../../lib/clock.ts';
import type { ServiceLook } from './service-look.ts';

interface Surroundings {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** The number of the gateway's process, once it runs. */
  readonly pid: () => number | undefined;
}

/** Looks at an OpenClaw gateway: ready once it says that it has started, alive while it answers. */
export function gatewayLook(command: GatewayCommand, around: Surroundings): ServiceLook {
  const { pid, ...asking } = around;
  return {
    look: async (phase) =>
      phase === 'booting' ? judgeGatewayStart(command, asking) : judgeGatewayLife(command, asking),
    blockers: async () => gatewayBlockers(command, pid(), asking),
    close: () => undefined,
  };
}
