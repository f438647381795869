import type { Config } from '../../model/config.ts';
import type { Delivery } from '../../model/delivery.ts';
import { recordingPageMax, replayNotificationsMax, replayWarmUpMs } from '../../model/limits.ts';
import type {
  AgentRun,
  NotificationsPage,
  PlayedResult,
  RecordedNotification,
  RecordingFacts,
  ResultsPage,
} from '../../model/recording.ts';
import { instant, type Instant, type SteadyMs, type WallMs } from '../../model/time.ts';
import { toldOf, type Told } from '../../model/told.ts';
import type { KeptSilence } from '../../routing/silences.ts';
import { Playback } from './playback.ts';

/** A recording that is read through the running agent, or from the file of one that does not run. */
export interface RecordingSource {
  facts(): Promise<RecordingFacts>;
  beginAt(from: WallMs): Promise<number>;
  results(after: number, limit: number): Promise<ResultsPage>;
  notifications(from: WallMs, after: number, limit: number): Promise<NotificationsPage>;
}

/** A message that the other configuration would have sent. */
export interface WouldTell extends Told {
  readonly at: WallMs;
}

export interface Replayed {
  /** The first result that counts, and until when was played. */
  readonly from: WallMs;
  readonly until: WallMs;
  readonly results: number;
  readonly restarts: number;
  readonly sent: readonly RecordedNotification[];
  readonly would: readonly WouldTell[];
  /** How many results there are of checks that the configuration has not. */
  readonly notPlayed: ReadonlyMap<string, number>;
  /** Checks of the configuration of which nothing was recorded. */
  readonly notRecorded: readonly string[];
  /** Whether a list was cut off because it grew too long. */
  readonly cut: boolean;
}

/**
 * Plays what was recorded since `since` through another configuration. Begins a day earlier, as far as there
 * are results, so that what had long been failing is known to be. Reads page by page; what it keeps are the
 * notifications on both sides.
 */
export async function replay(
  source: RecordingSource,
  config: Config,
  sinceMs: number,
): Promise<Replayed> {
  const facts = await source.facts();
  const since = (facts.until.wallMs - sinceMs) as WallMs;
  const would: WouldTell[] = [];
  const seen = new Map<string, number>();
  let player: Player | undefined;
  let results = 0;
  let from: WallMs | undefined;
  let next: number | undefined = await source.beginAt((since - replayWarmUpMs) as WallMs);
  while (next !== undefined) {
    const page: ResultsPage = await source.results(next, recordingPageMax);
    for (const result of page.results) {
      player ??= createPlayer(facts, config, result, (told) => {
        if (told.at >= since && would.length <= replayNotificationsMax) would.push(told);
      });
      player.take(result);
      if (result.startedAt.wallMs < since) continue;
      from ??= result.startedAt.wallMs;
      results += 1;
      seen.set(result.check, (seen.get(result.check) ?? 0) + 1);
    }
    next = page.next;
  }
  player?.end();
  const sent = await readSent(source, since);
  const names = new Set(config.checks.map(({ name }) => name));
  return {
    from: from ?? since,
    until: facts.until.wallMs,
    results,
    restarts: facts.runs.filter(
      ({ startedAt, formerEndedAt }) =>
        formerEndedAt !== undefined && startedAt.wallMs >= (from ?? since),
    ).length,
    sent: oncePerReceiver(sent).slice(0, replayNotificationsMax),
    would: oncePerReceiver(would).slice(0, replayNotificationsMax),
    notPlayed: new Map([...seen].filter(([name]) => !names.has(name))),
    notRecorded: [...names].filter((name) => !seen.has(name)),
    cut: Math.max(would.length, sent.length) > replayNotificationsMax,
  };
}

interface Player {
  take(result: PlayedResult): void;
  /** Plays on to the end of the recording: reminders that came due after the last result. */
  end(): void;
}

function createPlayer(
  facts: RecordingFacts,
  config: Config,
  first: PlayedResult,
  onTold: (told: WouldTell) => void,
): Player {
  const start = endOf(first);
  const runs = facts.runs.filter(({ startedAt }) => startedAt.steadyMs > start.steadyMs);
  const acknowledgements = facts.acknowledgements.toSorted((a, b) => a.at - b.at);
  const silences = facts.silences.map((value, index) => [String(index), asItWas(value)] as const);
  const playback = new Playback({
    config,
    start,
    checks: new Set(config.checks.map(({ name }) => name)),
    kept: new Map([['silence', new Map(silences)]]),
    onTold: ({ notification, createdAt }: Delivery) =>
      onTold({ ...toldOf(notification), at: createdAt.wallMs }),
  });
  /** Steady time of the recording that a database begun anew has set back. */
  let lostMs = 0;
  let last = start.steadyMs;

  const goTo = (steadyMs: number): void => {
    for (let run = runs[0]; run !== undefined && run.startedAt.steadyMs + lostMs <= steadyMs;) {
      restart(playback, run, lostMs);
      runs.shift();
      run = runs[0];
    }
    playback.clock.advanceTo(steadyMs as SteadyMs);
    const { wallMs } = playback.clock.now();
    for (let one = acknowledgements[0]; one !== undefined && one.at <= wallMs;) {
      playback.pipeline.acknowledge({ ...one, alert: one.fingerprint });
      acknowledgements.shift();
      one = acknowledgements[0];
    }
  };

  return {
    take(result) {
      const moment = endOf(result);
      // Runs end in another order than they are written down by less than this; more is another clock.
      if (moment.steadyMs + lostMs < last - 60_000) lostMs = last - moment.steadyMs;
      const steadyMs = Math.max(moment.steadyMs + lostMs, last);
      goTo(steadyMs);
      last = steadyMs as SteadyMs;
      playback.clock.leapTo(instant(steadyMs, moment.wallMs));
      playback.take({ ...result, detail: [], phases: [], families: [], values: [] });
    },
    end() {
      goTo(Math.max(last, facts.until.steadyMs + lostMs));
      playback.pipeline.stop();
    },
  };
}

/** A silence that is over lasted from its start to its end, whatever ended it. */
function asItWas(value: unknown): Omit<KeptSilence, 'over'> {
  const { silence, askedAt } = value as KeptSilence;
  const { untilOk: _untilOk, ...lasting } = silence;
  return { silence: lasting, askedAt };
}

function restart(playback: Playback, { startedAt, formerEndedAt }: AgentRun, lostMs: number): void {
  if (formerEndedAt === undefined) return;
  playback.clock.advanceTo((formerEndedAt.steadyMs + lostMs) as SteadyMs);
  playback.restart(instant(startedAt.steadyMs + lostMs, startedAt.wallMs));
}

/** When a result came in. */
function endOf({ startedAt, durationMs }: PlayedResult): Instant {
  return instant(startedAt.steadyMs + durationMs, startedAt.wallMs + durationMs);
}

async function readSent(source: RecordingSource, since: WallMs): Promise<RecordedNotification[]> {
  const sent: RecordedNotification[] = [];
  let next: number | undefined = 0;
  while (next !== undefined && sent.length <= replayNotificationsMax) {
    const page: NotificationsPage = await source.notifications(since, next, recordingPageMax);
    sent.push(...page.notifications.filter(({ reason }) => reason !== 'test'));
    next = page.next;
  }
  return sent;
}

/** A receiver that is reached in several ways is told once, as far as people are concerned. */
function oncePerReceiver<One extends WouldTell>(list: readonly One[]): One[] {
  const once = new Map<string, One>();
  for (const one of list) {
    const { receiver, status, reason, firing, resolved, at } = one;
    const key = JSON.stringify([at, receiver, status, reason, firing, resolved]);
    if (!once.has(key)) once.set(key, one);
  }
  return [...once.values()];
}
