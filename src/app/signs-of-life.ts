import type { Cancel } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import { counted } from '../model/counted.ts';
import { watchdogIntervalMaxMs } from '../model/command-limits.ts';
import type { Agent } from './agent.ts';
import { statusLine, type Supervisor } from './supervisor.ts';
import { firingChecks } from './view/firing-checks.ts';
import { standstill } from './watching/progress.ts';

/** What the agent says to the service manager that started it. */
export interface ServiceReports {
  /** The address is served and the checks are planned. Begins the signs of life. */
  ready(): void;
  reloading(): void;
  reloaded(): void;
  /** No more signs of life: the end is near, and systemd waits for it by `TimeoutStopSec`. */
  stopping(): Promise<void>;
}

/**
 * Speaks for the agent under `Type=notify`. A sign of life goes out only while scheduler and outbox make
 * progress. Where nobody listens, nothing is done. Source of the words: sd_notify(3).
 */
export function reportToSupervisor(
  agent: Agent,
  supervisor: Supervisor,
  log: Logger,
): ServiceReports {
  if (!supervisor.isThere) return toNobody;
  let cancel: Cancel = () => {};
  let withheld: string | undefined;
  let told: string | undefined;
  const tell = async (assignments: readonly string[]): Promise<void> => {
    const failure = await supervisor.tell(assignments);
    if (failure !== undefined && failure !== told) {
      log.error('the service manager cannot be told how the agent is', { reason: failure });
    }
    told = failure;
  };
  const alive = (): void => {
    const reason = standstill(agent.progress());
    if (reason !== undefined && reason !== withheld) {
      log.error('no sign of life to the service manager', { reason });
    }
    withheld = reason;
    const words = statusLine(reason ?? howThingsStand(agent));
    void tell(reason === undefined ? ['WATCHDOG=1', words] : [words]);
  };
  const arm = (): void => {
    const intervalMs = Math.min(watchdogIntervalMaxMs, (supervisor.watchdogMs ?? Infinity) / 4);
    cancel = agent.clock.after(intervalMs, () => {
      alive();
      arm();
    });
  };
  return {
    ready() {
      void tell(['READY=1', 'WATCHDOG=1', statusLine(howThingsStand(agent))]);
      arm();
    },
    reloading: () => void tell(['RELOADING=1']),
    reloaded: () => void tell(['READY=1', statusLine(howThingsStand(agent))]),
    async stopping() {
      cancel();
      await tell(['STOPPING=1', statusLine('stopping: lets what is under way end')]);
    },
  };
}

const toNobody: ServiceReports = {
  ready() {},
  reloading() {},
  reloaded() {},
  stopping: async () => undefined,
};

/** One line for `systemctl status`. */
function howThingsStand(agent: Agent): string {
  const firing = firingChecks(agent).map(({ name }) => name);
  const checks = `watching ${counted(agent.specs.size, 'check')}`;
  const problem = agent.health().problems[0]?.summary;
  const found =
    firing.length === 0 ? 'none firing' : `${firing.length} firing: ${firing.join(', ')}`;
  return `${checks}, ${found}${problem === undefined ? '' : `; ${problem}`}`;
}
