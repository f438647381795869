import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import type { Clock } from '../../lib/clock.ts';
import { humanDuration } from '../../lib/duration.ts';
import { openclawCanaryGraceMs } from '../../model/openclaw-limits.ts';
import { dayOf, type Instant } from '../../model/time.ts';
import { openLine, type GatewayLine } from './gateway-line.ts';
import { placeOf } from './handshake.ts';
import { ill, well, type Found } from './part.ts';
import type { Scene } from './scene.ts';

/** What is remembered over a restart of the agent, so that no question is asked twice for it. */
export interface Kept {
  recall(): unknown;
  keep(value: unknown): void;
}

const keptShape = v.object({
  day: v.string(),
  used: v.number(),
  askedMs: v.number(),
  failures: v.number(),
  said: v.string(),
});

type Known = v.InferOutput<typeof keptShape>;

/** How a question ended: answered, not answered, or it could not be asked, which says nothing of the agent. */
type Outcome =
  | { readonly kind: 'answered'; readonly tookMs: number }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'not_asked'; readonly found: Found };

const question = 'This is a test of the monitoring. Answer with the one word pong.';

/**
 * One short turn of an agent now and then, through the gateway and to the model: the way of a real message
 * but for the channel. It is a run of the model without tools, history or delivery, which leaves no session
 * behind. It goes on while the other parts are looked at, on a connection of its own, since it needs the
 * right `operator.write`.
 */
export function createCanary(clock: Clock, kept: Kept | undefined) {
  const saved = v.safeParse(keptShape, kept?.recall());
  let known: Known = saved.success
    ? saved.output
    : { day: '', used: 0, askedMs: Number.NEGATIVE_INFINITY, failures: 0, said: '' };
  let latest: Found | undefined;
  let runningSince: Instant | undefined;
  let line: GatewayLine | undefined;

  const remember = (change: Partial<Known>): void => {
    known = { ...known, ...change };
    kept?.keep(known);
  };

  const start = async (scene: Scene, deadlineMs: number): Promise<void> => {
    runningSince = scene.now;
    const outcome = await askOnce(scene, deadlineMs, clock, (opened) => {
      line = opened;
    });
    line?.close();
    runningSince = undefined;
    if (outcome.kind === 'not_asked') {
      remember({ used: Math.max(0, known.used - 1) });
      latest = outcome.found;
    } else if (outcome.kind === 'answered') {
      remember({ failures: 0, said: '' });
      latest = answered(outcome.tookMs, known);
    } else {
      remember({ failures: known.failures + 1, said: outcome.why });
      latest = undefined;
    }
  };

  return {
    /** What is known by now; begins to ask where it is time for it. */
    look(scene: Scene, isReady: boolean): Found {
      const { canary } = scene.options;
      if (canary === undefined) return well('off');
      if (kept === undefined) return well('not asked when looked at once');
      const nowMs = scene.now.wallMs;
      const today = dayOf(new Date(nowMs));
      if (known.day !== today) remember({ day: today, used: 0 });
      // A question in the future: the date was set back.
      const isDue = Math.abs(nowMs - known.askedMs) >= canary.every;
      const isSpent = known.used >= canary.budget_per_day;
      if (isReady && isDue && !isSpent && runningSince === undefined) {
        remember({ used: known.used + 1, askedMs: nowMs });
        void start(scene, canary.deadline);
      }
      const found = failed(known) ?? latest ?? well('not answered yet');
      return isSpent && isDue
        ? { ...found, summary: `${found.summary}; no question is left today` }
        : found;
    },
    close: () => line?.close(),
  };
}

function answered(tookMs: number, { used }: Known): Found {
  return well(`the agent answered within ${humanDuration(tookMs)}`, [
    { metric: 'seconds', value: tookMs / 1000, unit: 's' },
    { metric: 'failures', value: 0 },
    { metric: 'asked_today', value: used },
  ]);
}

/** A single failure may be chance, and is only said. */
function failed({ failures, said, used }: Known): Found | undefined {
  if (failures === 0) return undefined;
  const values = [
    { metric: 'failures', value: failures },
    { metric: 'asked_today', value: used },
  ];
  if (failures === 1) return well(`the last question was not answered: ${said}`, values);
  const what = `the agent did not answer ${failures} questions in a row: ${said}`;
  return ill('critical', 'status', what, values);
}

const accepted = v.object({ runId: v.string() });

const ended = v.object({
  status: v.string(),
  error: v.optional(v.fallback(v.optional(v.string()), undefined)),
});

async function askOnce(
  scene: Scene,
  deadlineMs: number,
  clock: Clock,
  hold: (line: GatewayLine) => void,
): Promise<Outcome> {
  const place = placeOf(scene, 'operator.write');
  if ('status' in place) return { kind: 'not_asked', found: place };
  const line = await openLine(place, clock);
  // Whoever is let in nowhere is told of by the handshake.
  if ('code' in line) return notAsked(`the gateway lets nobody ask: ${line.code}`);
  if ('reason' in line) return notAsked(line.summary);
  hold(line);
  const startMs = clock.now().steadyMs;
  const begun = await line.ask('agent', {
    message: question,
    agentId: scene.options.canary?.agent ?? 'main',
    modelRun: true,
    promptMode: 'none',
    deliver: false,
    timeout: Math.ceil(deadlineMs / 1000),
    idempotencyKey: `tocsin-${randomUUID()}`,
  });
  if ('reason' in begun) {
    if (begun.reason === 'permission') {
      const what = `no question may be asked: the token gives no operator.write (gateway.auth.token does; leave out canary otherwise)`;
      return { kind: 'not_asked', found: ill('unknown', 'permission', what) };
    }
    if (begun.reason === 'protocol') return notAsked(begun.summary);
    return { kind: 'failed', why: begun.summary };
  }
  const run = v.safeParse(accepted, begun.payload);
  if (!run.success) return notAsked('this version does not run questions without a session');
  const wait = { runId: run.output.runId, timeoutMs: deadlineMs };
  const answer = await line.ask('agent.wait', wait, deadlineMs + openclawCanaryGraceMs);
  if ('reason' in answer) return { kind: 'failed', why: answer.summary };
  const parsed = v.safeParse(ended, answer.payload);
  if (!parsed.success) return { kind: 'failed', why: 'the answer makes no sense' };
  const { status, error } = parsed.output;
  if (status === 'ok') return { kind: 'answered', tookMs: clock.now().steadyMs - startMs };
  const late = `no answer within ${humanDuration(deadlineMs)}`;
  return {
    kind: 'failed',
    why: error ?? (status === 'timeout' ? late : `it ended with ${status}`),
  };
}

function notAsked(why: string): Outcome {
  return { kind: 'not_asked', found: well(`not asked: ${why}`) };
}
