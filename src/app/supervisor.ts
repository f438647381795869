import { whyNotStarted } from '../checks/host/missing-program.ts';
import { runProgram } from '../checks/host/run-program.ts';
import type { Clock } from '../lib/clock.ts';
import { serviceManagerAnswerMs, serviceStatusLengthMax } from '../model/command-limits.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The service manager that started us, as sd_notify(3) describes it. */
export interface Supervisor {
  /** Whether anybody listens: without `NOTIFY_SOCKET` nothing is sent. */
  readonly isThere: boolean;
  /** How long it waits for a sign of life, from `WATCHDOG_USEC`; absent when it does not wait for any. */
  readonly watchdogMs?: number;
  /**
   * Sends these assignments in one message, after those that were sent before. Gives why that failed, or
   * undefined. Never throws.
   */
  tell(assignments: readonly string[]): Promise<string | undefined>;
  /** Resolves once all that was told has been sent. */
  settled(): Promise<void>;
}

/** What a service manager says to its service; a program that we start must not take it for its own. */
export const supervisorVariables = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'] as const;

/**
 * Node has no datagram sockets of the Unix kind, so that systemd's own `systemd-notify` sends what we have
 * to say. It waits until the message was taken in, and speaks in our name where it may (as root); elsewhere
 * the unit has to say `NotifyAccess=all`.
 */
export function supervisor(environment: Environment, clock: Clock): Supervisor {
  const socket = environment['NOTIFY_SOCKET'];
  if (socket === undefined || socket === '') {
    return { isThere: false, tell: async () => undefined, settled: async () => undefined };
  }
  let last: Promise<string | undefined> = Promise.resolve(undefined);
  const send = async (assignments: readonly string[]): Promise<string | undefined> => {
    const call = {
      program: 'systemd-notify',
      arguments: ['--', ...assignments],
      environment: { PATH: environment['PATH'] ?? '/usr/bin:/bin', NOTIFY_SOCKET: socket },
    };
    const signal = AbortSignal.timeout(serviceManagerAnswerMs);
    const outcome = await runProgram(call, { signal, clock });
    if (outcome.kind === 'not_started') {
      const why =
        outcome.code === 'ENOENT'
          ? 'it comes with the package systemd'
          : await whyNotStarted(call, outcome);
      return `systemd-notify cannot be started (${outcome.code}): ${why}`;
    }
    if (outcome.kind === 'overdue') return 'systemd-notify did not end in time';
    if (outcome.exitCode === 0) return undefined;
    return `systemd-notify failed: ${outcome.stderr.trim().split('\n')[0] ?? 'it said nothing'}`;
  };
  const watchdogMs = watchdogOf(environment);
  return {
    isThere: true,
    ...(watchdogMs === undefined ? {} : { watchdogMs }),
    async tell(assignments) {
      last = last.then(async () => send(assignments));
      return last;
    },
    async settled() {
      await last;
    },
  };
}

/** Source: sd_watchdog_enabled(3): it is meant for us if no process is named, or ours. */
function watchdogOf(environment: Environment): number | undefined {
  const usec = Number(environment['WATCHDOG_USEC'] ?? '');
  const pid = environment['WATCHDOG_PID'];
  if (!Number.isFinite(usec) || usec <= 0) return undefined;
  return pid === undefined || pid === '' || Number(pid) === process.pid ? usec / 1000 : undefined;
}

/** One line of what goes on, for `systemctl status`. */
export function statusLine(sentence: string): string {
  // Control characters would begin another assignment.
  const line = sentence.replaceAll(/\p{Cc}+/gu, ' ');
  return `STATUS=${line.slice(0, serviceStatusLengthMax)}`;
}

/** Asks for that much more time, from now, to start or to stop. */
export function extendTimeout(ms: number): string {
  return `EXTEND_TIMEOUT_USEC=${Math.round(ms * 1000)}`;
}
