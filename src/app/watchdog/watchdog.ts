import type { Clock } from '../../lib/clock.ts';
import { humanDuration } from '../../lib/duration.ts';
import {
  bootLookMs,
  extensionSlackMs,
  hangConfirmedLooks,
  hangConfirmedMs,
  restartBlockersMaxMs,
} from '../../model/command-limits.ts';
import type { CheckResult } from '../../model/result.ts';
import { extendTimeout, statusLine, type Supervisor } from '../supervisor.ts';
import type { KillBrake } from './kill-brake.ts';
import type { ServiceLook } from './service-look.ts';
import type { ServiceEnd, SupervisedService } from './supervised-service.ts';

export interface WatchdogOptions {
  readonly clock: Clock;
  readonly manager: Supervisor;
  readonly brake: KillBrake;
  readonly service: ServiceLook;
  /** From the start of one look to the next. */
  readonly intervalMs: number;
  /** How long the service may take until its check passes for the first time. */
  readonly bootMs: number;
  /** How long it may take to end once it was asked to. */
  readonly stopMs: number;
  /** Tells a person, in one sentence. */
  readonly say: (sentence: string) => void;
}

/** How a watched service came to its end. */
export interface WatchedEnd extends ServiceEnd {
  /** It was ended by us, because it did not become ready or its check kept failing. */
  readonly gaveUp: boolean;
}

/** Signals that ask a service to end; the others are passed on without further meaning. */
const endingSignals: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGABRT',
]);

/**
 * Speaks for a service that does not know of its service manager.
 *
 * `booting`: more time is asked for until the first pass, for `bootMs` at most; then it is `running`. A
 * service that does not get there is ended.
 *
 * `running`: a sign of life after every look that passes, or that could not see anything; none after one
 * that fails. Shortly before the patience of the manager (`WatchdogSec=`) would be over, the service is
 * ended by ourselves, since all that the manager would do is kill: what a restart would interrupt is
 * waited for, for `restartBlockersMaxMs` at most. After too many such ends in a row it is left as it is.
 *
 * `ending` (by us) and `stopping` (somebody else wants it): asked by SIGTERM, given `stopMs`, killed only
 * once that has passed, or once it is sure that it hangs. More time is asked for as long as that takes.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #service: SupervisedService;
  readonly #startedAt: number;
  #phase: 'booting' | 'running' | 'ending' | 'stopping' | 'over' = 'booting';
  #isReady = false;
  #askedAt = 0;
  #aliveAt = 0;
  /** Since when the patience of the manager is as good as over. */
  #overdueSince: number | undefined;
  #silence: { readonly since: number; readonly looks: number } | undefined;
  #status = 'starting';
  /** What was said last goes on, so that it is said once. */
  #state = 'passes again';
  #cancelDeadline = (): void => undefined;
  #cancelTick = (): void => undefined;
  #wakeUp = (): void => undefined;
  /** A kill that is being written down. */
  #noted = Promise.resolve();

  constructor(service: SupervisedService, options: WatchdogOptions) {
    this.#service = service;
    this.#options = options;
    this.#startedAt = this.#now();
  }

  /** Watches until the service has ended. */
  async run(): Promise<WatchedEnd> {
    this.#tick();
    void this.#lookOnAndOn();
    const end = await this.#service.ended;
    const gaveUp = this.#phase === 'ending';
    // A look that is still under way finds nobody to tell.
    this.#phase = 'over';
    this.#cancelDeadline();
    this.#cancelTick();
    this.#wakeUp();
    await this.#noted;
    const { manager } = this.#options;
    if (gaveUp && this.#isReady && manager.watchdogMs !== undefined && end.code !== 78) {
      // The result of the unit is then "watchdog". What is sent may be the last thing that we do.
      await manager.tell(['WATCHDOG=trigger', statusLine(this.#status)]);
    }
    return { ...end, gaveUp };
  }

  /** Passes a signal of the service manager, or of a person, on to the service. */
  async take(signal: NodeJS.Signals): Promise<void> {
    if (!endingSignals.has(signal)) return this.#service.signal(signal);
    if (this.#phase === 'over') return undefined;
    if (this.#phase === 'stopping') return this.#ask(signal);
    const { manager } = this.#options;
    if (this.#phase === 'ending') {
      // A second SIGTERM would mean "at once" to some services.
      this.#phase = 'stopping';
    } else {
      // Nothing else ends a service whose sign of life is overdue.
      const isKill =
        this.#phase === 'running' &&
        this.#now() - this.#aliveAt >= (manager.watchdogMs ?? Infinity);
      this.#beginEnd('stopping', isKill && signal === 'SIGABRT' ? 'SIGTERM' : signal);
      if (isKill) this.#noted = this.#noteKill();
    }
    this.#status = 'asked to end';
    await this.#tell(['STOPPING=1', ...this.#moreTime(), statusLine(this.#status)]);
    return undefined;
  }

  async #lookOnAndOn(): Promise<void> {
    while (this.#phase !== 'over') {
      const startedAt = this.#now();
      const phase = this.#phase === 'booting' ? 'booting' : 'running';
      const result = await this.#options.service.look(phase);
      await this.#judge(result, startedAt);
      if (this.#isOver()) return;
      const { intervalMs } = this.#options;
      const pauseMs = this.#phase === 'booting' ? Math.min(bootLookMs, intervalMs) : intervalMs;
      await this.#sleep(Math.max(0, startedAt + pauseMs - this.#now()));
    }
  }

  async #judge(result: CheckResult, startedAt: number): Promise<void> {
    if (this.#phase === 'booting') await this.#boot(result);
    else if (this.#phase === 'running') await this.#watch(result);
    else if (startedAt >= this.#askedAt) this.#confirmHang(result, startedAt);
  }

  async #boot(result: CheckResult): Promise<void> {
    const { bootMs, say } = this.#options;
    const tookMs = this.#now() - this.#startedAt;
    const took = humanDuration(tookMs);
    const isBlind = result.status === 'unknown' && tookMs >= bootMs;
    if (passes(result) || isBlind) {
      this.#phase = 'running';
      this.#isReady = true;
      say(
        isBlind
          ? `taken for ready after ${took} although the check cannot see: ${result.summary}`
          : `ready after ${took}: ${result.summary}`,
      );
      return this.#live(result.summary, ['READY=1']);
    }
    this.#status = `starting: ${result.summary}`;
    if (tookMs < bootMs) return undefined;
    return this.#giveUp(`not ready after ${took}, asked to end: ${result.summary}`);
  }

  async #watch(result: CheckResult): Promise<void> {
    const { clock, brake } = this.#options;
    if (passes(result) || result.status === 'unknown') {
      this.#sayOnce(stateOf(result), `${stateOf(result)}: ${result.summary}`);
      return this.#live(result.summary);
    }
    const heldUntil = brake.heldUntil(clock.now().wallMs);
    if (heldUntil !== undefined) {
      const until = new Date(heldUntil).toISOString();
      const why = 'ended too often of late';
      this.#sayOnce('held', `fails, but was ${why}: left as it is until ${until}`);
      return this.#live(`failing, left as it is until ${until}: ${result.summary}`);
    }
    if (this.#overdueSince === undefined) this.#sayOnce('fails', `fails: ${result.summary}`);
    const silentMs = this.#now() - this.#aliveAt;
    this.#status = `no sign of life for ${humanDuration(silentMs)}: ${result.summary}`;
    if (this.#overdueSince === undefined) return this.#tell([statusLine(this.#status)]);
    return this.#restart(result, this.#overdueSince);
  }

  /** Ends a service that has failed for too long, once it has nothing to lose or that was waited for. */
  async #restart(result: CheckResult, overdueSince: number): Promise<void> {
    const { service } = this.#options;
    // Who does not answer a look would not answer this either, and be waited for.
    const answers = result.reason !== 'timeout' && result.reason !== 'connect';
    const blockers = (answers ? await service.blockers?.() : undefined) ?? [];
    if (this.#phase !== 'running') return undefined;
    const waitedMs = this.#now() - overdueSince;
    const silent = humanDuration(this.#now() - this.#aliveAt);
    if (blockers.length > 0 && waitedMs < restartBlockersMaxMs) {
      const upTo = humanDuration(restartBlockersMaxMs);
      const list = blockers.join('; ');
      this.#status = `a restart waits up to ${upTo} for what it would interrupt: ${list}`;
      this.#sayOnce(`blocked by ${list}`, this.#status);
      return this.#tell([...this.#moreTime(), statusLine(this.#status)]);
    }
    const lost = blockers.length > 0 ? `, although that interrupts ${blockers.join('; ')}` : '';
    this.#noted = this.#noteKill();
    return this.#giveUp(`failing for ${silent}, asked to end${lost}: ${result.summary}`);
  }

  async #giveUp(sentence: string): Promise<void> {
    this.#options.say(sentence);
    this.#status = sentence;
    this.#beginEnd('ending', 'SIGTERM');
    await this.#tell([...this.#moreTime(), statusLine(sentence)]);
  }

  #beginEnd(phase: 'ending' | 'stopping', signal: NodeJS.Signals): void {
    const { clock, stopMs } = this.#options;
    this.#phase = phase;
    this.#askedAt = this.#now();
    this.#cancelDeadline();
    const allowed = humanDuration(stopMs);
    this.#cancelDeadline = clock.after(stopMs, () => this.#kill(`has not ended within ${allowed}`));
    this.#ask(signal);
    this.#wakeUp();
  }

  /** A service that was stopped (SIGSTOP) has to go on to take it. */
  #ask(signal: NodeJS.Signals): void {
    this.#service.signal(signal);
    this.#service.signal('SIGCONT');
  }

  /** Kills what was asked to end and has not said a word to anybody since. */
  #confirmHang({ status, reason }: CheckResult, startedAt: number): void {
    if (this.#phase === 'over') return;
    if (status !== 'critical' || reason !== 'timeout') {
      this.#silence = undefined;
      return;
    }
    const { since = startedAt, looks = 0 } = this.#silence ?? {};
    this.#silence = { since, looks: looks + 1 };
    const silentMs = this.#now() - since;
    if (silentMs < hangConfirmedMs || looks + 1 < hangConfirmedLooks) return;
    this.#kill(`hangs: asked to end, and no answer to anybody for ${humanDuration(silentMs)}`);
    this.#silence = undefined;
  }

  #kill(sentence: string): void {
    this.#options.say(`${sentence}: killed`);
    this.#status = `${sentence}: killed`;
    this.#service.kill();
  }

  async #noteKill(): Promise<void> {
    const { brake, clock, say } = this.#options;
    const problem = await brake.note(clock.now().wallMs);
    if (problem !== undefined) say(problem);
  }

  async #live(sentence: string, more: readonly string[] = []): Promise<void> {
    const { clock, manager } = this.#options;
    this.#aliveAt = this.#now();
    this.#overdueSince = undefined;
    this.#status = sentence;
    this.#cancelDeadline();
    if (manager.watchdogMs !== undefined) {
      const inMs = manager.watchdogMs - marginMs(manager.watchdogMs);
      this.#cancelDeadline = clock.after(inMs, () => {
        this.#overdueSince = this.#now();
        this.#tick();
        this.#wakeUp();
      });
    }
    await this.#tell([...more, 'WATCHDOG=1', statusLine(sentence)]);
  }

  /** Says again and again how long the manager has to wait, whatever keeps a look. */
  #tick(): void {
    this.#cancelTick();
    const words = this.#moreTime();
    if (words.length > 0) void this.#tell([...words, statusLine(this.#status)]);
    this.#cancelTick = this.#options.clock.after(this.#options.intervalMs, () => this.#tick());
  }

  /** What to ask for so that the service manager waits until the next tick, while there is patience left. */
  #moreTime(): readonly string[] {
    const { bootMs, stopMs, intervalMs } = this.#options;
    if (this.#phase === 'running' && this.#overdueSince === undefined) return [];
    const [sinceMs, patienceMs] =
      this.#phase === 'booting'
        ? [this.#startedAt, bootMs]
        : this.#phase === 'running'
          ? [this.#overdueSince ?? 0, restartBlockersMaxMs]
          : [this.#askedAt, stopMs];
    const leftMs = sinceMs + patienceMs - this.#now();
    // While the service runs, the deadline of the watchdog must not lose its sense.
    const longestMs =
      this.#phase === 'running' ? (this.#options.manager.watchdogMs ?? 0) : Infinity;
    const slackMs = Math.min(extensionSlackMs, longestMs);
    return leftMs > 0 ? [extendTimeout(Math.min(leftMs, intervalMs) + slackMs)] : [];
  }

  #sayOnce(state: string, sentence: string): void {
    if (state !== this.#state) this.#options.say(sentence);
    this.#state = state;
  }

  async #tell(assignments: readonly string[]): Promise<void> {
    const problem = await this.#options.manager.tell(assignments);
    if (problem !== undefined) this.#options.say(problem);
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

/** How long before the end of the manager's patience we act ourselves: a message has to get there in time. */
function marginMs(watchdogMs: number): number {
  return Math.min(2000, watchdogMs / 4);
}

/** The word for a result that kills nobody. */
function stateOf({ status }: CheckResult): string {
  if (status === 'warning') return 'passes with a warning';
  return status === 'unknown' ? 'cannot see' : 'passes again';
}

function passes({ status }: CheckResult): boolean {
  return status === 'ok' || status === 'warning';
}
