import type { Clock } from '../../lib/clock.ts';
import { humanDuration } from '../../lib/duration.ts';
import { extensionSlackMs } from '../../model/command-limits.ts';
import type { CheckResult } from '../../model/result.ts';
import type { KillBrake } from './kill-brake.ts';
import { extendTimeout, statusLine, type Supervisor } from '../supervisor.ts';
import type { ServiceEnd, SupervisedService } from './supervised-service.ts';

export interface WatchdogOptions {
  readonly clock: Clock;
  readonly manager: Supervisor;
  readonly brake: KillBrake;
  /** Looks once; never throws, and ends by itself. */
  readonly look: () => Promise<CheckResult>;
  /** From the start of one look to the next. */
  readonly intervalMs: number;
  /** How long the service may take until its check passes for the first time. */
  readonly bootMs: number;
  /** How long it may take to end once it was asked to. */
  readonly stopMs: number;
  /** Tells a person, in one sentence. */
  readonly say: (sentence: string) => void;
}

/** Signals that ask a service to end; the others are passed on without further meaning. */
const ending: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGABRT']);

/**
 * Speaks for a service that does not know of its service manager.
 *
 * While it starts: more time is asked for until the first pass, for `bootMs` at most; then it is ready. A
 * service that does not get there is asked to end. While it runs: a sign of life after every look that
 * passes, or that could not see anything; none after one that fails. The manager's own patience
 * (`WatchdogSec`) is the debounce. While it stops: more time is asked for, for `stopMs` at most, but not
 * when the manager ends it because it showed no life.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #service: SupervisedService;
  #phase: 'booting' | 'running' | 'stopping' | 'over' = 'booting';
  readonly #startedAt: number;
  #stoppingSince = 0;
  #aliveAt = 0;
  #failing = false;
  #held = false;
  #wakeUp = (): void => undefined;

  constructor(service: SupervisedService, options: WatchdogOptions) {
    this.#service = service;
    this.#options = options;
    this.#startedAt = this.#now();
  }

  /** Watches until the service has ended. */
  async run(): Promise<ServiceEnd> {
    void this.#lookOnAndOn();
    const end = await this.#service.ended;
    // A look that is still under way finds nobody to tell.
    this.#phase = 'over';
    this.#wakeUp();
    return end;
  }

  /** Passes a signal of the service manager, or of a person, on to the service. */
  async take(signal: NodeJS.Signals): Promise<void> {
    if (!ending.has(signal)) return this.#service.signal(signal);
    const { clock, manager, brake, say } = this.#options;
    const wasRunning = this.#phase === 'running';
    if (this.#phase !== 'over') this.#phase = 'stopping';
    this.#stoppingSince = this.#now();
    this.#service.signal(signal);
    // Nothing else ends a service whose sign of life is overdue.
    const isKill =
      wasRunning && this.#failing && this.#silentMs() >= (manager.watchdogMs ?? Infinity);
    if (isKill) {
      const problem = await brake.note(clock.now().wallMs);
      if (problem !== undefined) say(problem);
    }
    if (isKill || signal === 'SIGABRT') {
      this.#stoppingSince = -Infinity;
      await this.#tell(['STOPPING=1', statusLine('ended because its check kept failing')]);
      return;
    }
    await this.#tell(['STOPPING=1', ...this.#moreTime(), statusLine('asked to end')]);
  }

  async #lookOnAndOn(): Promise<void> {
    const { intervalMs } = this.#options;
    while (this.#phase !== 'over') {
      const startedAt = this.#now();
      if (this.#phase === 'stopping') await this.#tell(this.#moreTime());
      else await this.#take(await this.#options.look());
      if (this.#isOver()) return;
      await this.#sleep(Math.max(0, startedAt + intervalMs - this.#now()));
    }
  }

  async #take(result: CheckResult): Promise<void> {
    if (this.#phase === 'booting') await this.#boot(result);
    else if (this.#phase === 'running') await this.#watch(result);
  }

  async #boot(result: CheckResult): Promise<void> {
    const { bootMs, say } = this.#options;
    const tookMs = this.#now() - this.#startedAt;
    const isBlind = result.status === 'unknown' && tookMs >= bootMs;
    if (passes(result) || isBlind) {
      this.#phase = 'running';
      this.#aliveAt = this.#now();
      say(
        isBlind
          ? `taken for ready after ${humanDuration(tookMs)} although the check cannot see: ${result.summary}`
          : `ready after ${humanDuration(tookMs)}: ${result.summary}`,
      );
      await this.#tell(['READY=1', 'WATCHDOG=1', statusLine(result.summary)]);
      return;
    }
    if (tookMs < bootMs) {
      await this.#tell([...this.#moreTime(), statusLine(`starting: ${result.summary}`)]);
      return;
    }
    say(`not ready after ${humanDuration(tookMs)}, asked to end: ${result.summary}`);
    await this.take('SIGTERM');
  }

  async #watch(result: CheckResult): Promise<void> {
    const { clock, brake, say } = this.#options;
    if (passes(result) || result.status === 'unknown') {
      if (this.#failing) say(`passes again: ${result.summary}`);
      this.#failing = false;
      this.#held = false;
      return this.#live(result.summary);
    }
    if (!this.#failing) say(`fails: ${result.summary}`);
    this.#failing = true;
    const heldUntil = brake.heldUntil(clock.now().wallMs);
    if (heldUntil === undefined) {
      return this.#tell([
        statusLine(`no sign of life for ${humanDuration(this.#silentMs())}: ${result.summary}`),
      ]);
    }
    const until = new Date(heldUntil).toISOString();
    if (!this.#held) say(`killed too often of late: left as it is until ${until}`);
    this.#held = true;
    return this.#live(`failing, left as it is until ${until}: ${result.summary}`);
  }

  async #live(sentence: string): Promise<void> {
    this.#aliveAt = this.#now();
    await this.#tell(['WATCHDOG=1', statusLine(sentence)]);
  }

  /** What to ask for so that the service manager waits until the next look, while there is patience left. */
  #moreTime(): readonly string[] {
    const { bootMs, stopMs, intervalMs } = this.#options;
    const isBoot = this.#phase === 'booting';
    const leftMs = isBoot
      ? this.#startedAt + bootMs - this.#now()
      : this.#stoppingSince + stopMs - this.#now();
    return leftMs > 0 ? [extendTimeout(Math.min(leftMs, intervalMs) + extensionSlackMs)] : [];
  }

  async #tell(assignments: readonly string[]): Promise<void> {
    if (assignments.length === 0) return;
    const problem = await this.#options.manager.tell(assignments);
    if (problem !== undefined) this.#options.say(problem);
  }

  #silentMs(): number {
    return this.#now() - this.#aliveAt;
  }

  #isOver(): boolean {
    return this.#phase === 'over';
  }

  #now(): number {
    return this.#options.clock.now().steadyMs;
  }

  async #sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(ms, resolve);
    this.#wakeUp = resolve;
    await promise;
    cancel();
  }
}

function passes({ status }: CheckResult): boolean {
  return status === 'ok' || status === 'warning';
}
