import type { Alert } from '../../model/alert.ts';
import { nominalIntervalMs } from '../../model/check.ts';
import type { Delivery } from '../../model/delivery.ts';
import { fingerprint } from '../../model/fingerprint.ts';
import { notOk, ok, type CheckResult } from '../../model/result.ts';
import type { Scenario, ScenarioEvent, ScriptedResults } from '../../model/scenario.ts';
import { instant, type SteadyMs, type WallMs } from '../../model/time.ts';
import { toldOf } from '../../model/told.ts';
import { terminalText } from '../../notify/terminal.ts';
import { Playback } from './playback.ts';
import { compare, type Difference, type ToldNotification } from './scenario-compare.ts';

export interface ScenarioOutcome {
  readonly scenario: Scenario;
  /** What was told, in order, once for each receiver. */
  readonly told: readonly ToldNotification[];
  /** Empty if all went as expected. */
  readonly differences: readonly Difference[];
}

/** Where steady time begins: far from any date, so that nothing takes the one for the other. */
const startSteadyMs = 1_000_000;

/** The next run of one check. */
interface Feeder {
  readonly check: string;
  readonly intervalMs: number;
  /** Runs still to come, the current kind first. */
  readonly script: readonly ScriptedResults[];
  position: number;
  done: number;
  nextAtMs: number;
}

/** Plays a scenario through the real pipeline and compares what was told with what was expected. */
export function playScenario(scenario: Scenario): ScenarioOutcome {
  const deliveries: Delivery[] = [];
  const playback = new Playback({
    config: scenario.config,
    start: instant(startSteadyMs, scenario.startsAt),
    checks: new Set(scenario.results.keys()),
    onTold: (delivery) => deliveries.push(delivery),
  });
  const feeders = startFeeders(scenario);
  const events = [...scenario.events];
  const phases = scenario.phases.toSorted((a, b) => a.atMs - b.atMs);
  const differences: Difference[] = [];
  for (let now = 0; ;) {
    const advance = (): void => playback.clock.advanceTo((startSteadyMs + now) as SteadyMs);
    advance();
    for (let event = events[0]; event !== undefined && event.atMs <= now; event = events[0]) {
      apply(playback, event);
      events.shift();
    }
    for (const feeder of feeders) if (feeder.nextAtMs <= now) run(playback, feeder, now);
    // What this moment made due at once belongs to it.
    advance();
    while ((phases[0]?.atMs ?? Infinity) <= now) {
      const expected = phases.shift();
      const phase = playback.phase(expected?.check ?? '');
      if (expected !== undefined && expected.phase !== phase) {
        differences.push({ kind: 'phase', expected, phase });
      }
    }
    const next = Math.min(
      events[0]?.atMs ?? Infinity,
      phases[0]?.atMs ?? Infinity,
      ...feeders.map(({ nextAtMs }) => nextAtMs),
      now < scenario.lengthMs ? scenario.lengthMs : Infinity,
    );
    if (next > scenario.lengthMs) break;
    now = next;
  }
  playback.pipeline.stop();
  const told = oncePerReceiver(deliveries);
  return { scenario, told, differences: [...differences, ...compare(scenario, told)] };
}

function startFeeders({ config, results }: Scenario): Feeder[] {
  return [...results].map(([check, script]) => {
    const spec = config.checks.find(({ name }) => name === check);
    return {
      check,
      intervalMs: spec === undefined ? 60_000 : nominalIntervalMs(spec.schedule),
      script,
      position: 0,
      done: 0,
      nextAtMs: script[0]?.atMs ?? 0,
    };
  });
}

/** One run of a check. The last result that is written goes on for ever. */
function run(playback: Playback, feeder: Feeder, now: number): void {
  const { script, intervalMs, check } = feeder;
  const scripted = script[feeder.position];
  if (scripted === undefined) {
    feeder.nextAtMs = Infinity;
    return;
  }
  let retryMs: number | undefined;
  if (scripted.status !== 'none') {
    const startedAt = playback.clock.now();
    retryMs = playback.take({ ...resultOf(scripted), check, startedAt, durationMs: 0 });
  }
  feeder.nextAtMs = now + Math.min(retryMs ?? intervalMs, intervalMs);
  feeder.done += 1;
  const following = script[feeder.position + 1];
  if (feeder.done < scripted.times || following === undefined) return;
  feeder.position += 1;
  feeder.done = 0;
  if (following.atMs !== undefined) feeder.nextAtMs = Math.max(following.atMs, now);
}

function resultOf({ status, summary, reason }: ScriptedResults): CheckResult {
  if (status === 'ok' || status === 'none') return ok(summary ?? 'ok');
  return notOk(status, reason ?? 'status', summary ?? `the scenario says ${status}`);
}

function apply(playback: Playback, event: ScenarioEvent): void {
  const { pipeline, clock } = playback;
  const { wallMs } = clock.now();
  switch (event.kind) {
    case 'silence': {
      const { matchers, comment, lastsMs, untilOk } = event;
      pipeline.silences.put({
        matchers,
        comment,
        createdBy: 'scenario',
        startsAt: wallMs,
        endsAt: (wallMs + lastsMs) as WallMs,
        ...(untilOk ? { untilOk } : {}),
      });
      return;
    }
    case 'acknowledge':
      pipeline.acknowledge({ alert: event.alertname, by: event.by, comment: '' });
      return;
    case 'post':
      pipeline.offer([postedAlert(event, wallMs)]);
      return;
    case 'reload':
      playback.reload(event.config);
      return;
    default:
      event satisfies never;
  }
}

function postedAlert(
  { labels, annotations, resolved }: Extract<ScenarioEvent, { kind: 'post' }>,
  now: WallMs,
): Alert {
  return {
    fingerprint: fingerprint(labels),
    labels,
    annotations,
    detail: [],
    startsAt: now,
    ...(resolved ? { endsAt: now } : {}),
    generatorURL: '',
    revision: 0,
    dependsOn: [],
  };
}

/** A receiver that is reached in several ways is told once, as far as people are concerned. */
function oncePerReceiver(deliveries: readonly Delivery[]): ToldNotification[] {
  const told = new Map<string, ToldNotification>();
  for (const delivery of deliveries) {
    const one: ToldNotification = {
      ...toldOf(delivery.notification),
      atMs: delivery.createdAt.steadyMs - startSteadyMs,
      text: terminalText(delivery),
    };
    const { text: _text, ...facts } = one;
    told.set(JSON.stringify(facts), one);
  }
  return [...told.values()];
}
