import { jsonOf } from '../../lib/json-of.ts';
import * as v from 'valibot';
import { humanDuration } from '../../lib/duration.ts';
import type { TlsOptions } from '../../lib/tls-options.ts';
import { isFailure, type Failure } from '../net/failure.ts';
import type { ProbeContext } from '../net/probe.ts';
import { httpGet } from '../service/http-get.ts';
import { anyCertificate } from './gateway-socket.ts';
import { ill, well, worstFound, type Found } from './part.ts';
import type { Scene } from './scene.ts';
import { within } from '../within.ts';

/** One answer of the gateway, taken for JSON whatever its status code says. */
export type ProbeAnswer =
  | Failure
  | { readonly tookMs: number; readonly status: number; readonly json: unknown };

/** How long a byte of an answer is waited for: a hung gateway takes connections and never answers. */
const readMs = 5000;

/** What the gateway's own probes answer. */
export interface ProbeAnswers {
  readonly health: ProbeAnswer;
  readonly startup: ProbeAnswer;
  readonly ready: ProbeAnswer;
}

/** A scene before it is known whether the gateway speaks TLS. */
type Outside = Omit<Scene, 'isTls' | 'isBooting'>;

/**
 * Asks the gateway's own probes, side by side: a hung one keeps each of them waiting. Whether it speaks
 * TLS is tried out where its settings cannot be read.
 */
export async function askProbes(
  scene: Outside,
): Promise<{ readonly answers: ProbeAnswers; readonly isTls: boolean }> {
  const { isTls } = scene.installation;
  const answers = await askAll(scene, isTls ?? false);
  const { health } = answers;
  // Plain HTTP makes a TLS server break off; nobody at all, or nobody who speaks, is another matter.
  const isOther = isFailure(health) && health.reason === 'connect' && /closed/.test(health.summary);
  if (isTls !== undefined || !isOther) return { answers, isTls: isTls ?? false };
  const secured = await askAll(scene, true);
  return isFailure(secured.health) ? { answers, isTls: false } : { answers: secured, isTls: true };
}

async function askAll(scene: Outside, isTls: boolean): Promise<ProbeAnswers> {
  const [health, startup, ready] = await Promise.all([
    askProbe('/health', scene, isTls),
    askProbe('/startupz', scene, isTls),
    askProbe('/readyz', scene, isTls),
  ]);
  return { health, startup, ready };
}

async function askProbe(path: string, scene: Outside, tls: boolean): Promise<ProbeAnswer> {
  const { clock, run, installation, options } = scene;
  const place = { port: installation.port, tls, tls_config: options.tls_config };
  return askPath(path, place, { ...run, clock });
}

/** Asks a gateway on this host for one of its own pages; longer than five seconds is no answer. */
export async function askPath(
  path: string,
  { port, tls, tls_config }: AskedPlace,
  context: ProbeContext,
): Promise<ProbeAnswer> {
  const { clock, timeoutMs } = context;
  const deadlineMs = Math.min(readMs, timeoutMs);
  const address = `127.0.0.1:${port}`;
  const place = {
    target: address,
    defaultPort: port,
    host: address,
    tls,
    tls_config: tls_config ?? anyCertificate,
  };
  const answer = await within(deadlineMs, context, async (signal) =>
    httpGet(place, path, {
      clock,
      signal,
      timeoutMs: deadlineMs,
      log: (line) => context.log(line),
    }),
  );
  if (isFailure(answer)) return answer;
  return { tookMs: answer.tookMs, status: answer.status, json: jsonOf(answer.body) };
}

interface AskedPlace {
  readonly port: number;
  readonly tls: boolean;
  readonly tls_config?: TlsOptions | undefined;
}

const live = v.object({ ok: v.literal(true), status: v.literal('live') });

/** Whether the event loop answers, and whether it is OpenClaw at all (the body decides, never the code). */
export function judgeHealth(answer: ProbeAnswer, scene: Scene): Found {
  const { history, now, isBooting, installation, options } = scene;
  const silent = isFailure(answer) && answer.reason === 'timeout';
  const refused = isFailure(answer) && !silent;
  const hung = history.note('health silent', silent, now);
  const down = history.note('health refused', refused, now);
  if (isFailure(answer)) {
    if (isBooting) return well(`the gateway is starting, and does not answer yet`);
    const streak = silent ? hung : down;
    const isSure = silent ? hung.inRow >= 3 : down.inRow >= 2;
    if (!isSure) return well(`${answer.summary} (look ${streak.inRow})`);
    // With a channel that does not let go it takes 325 s to stop, and refuses all the while.
    const alive =
      scene.pid === undefined ? '' : `, though process ${scene.pid} runs: it may still be stopping`;
    const what = silent
      ? `the gateway hangs: it takes connections on port ${installation.port} and does not answer`
      : `the gateway is down: ${answer.summary}${alive}`;
    return { ...ill('critical', answer.reason, what), because: silent ? [] : ['process'] };
  }
  const seconds = { metric: 'seconds', value: answer.tookMs / 1000, unit: 's' };
  if (!v.is(live, answer.json)) {
    const what = `what answers on port ${installation.port} is no OpenClaw gateway, or one older than February 2026: GET /health gives HTTP ${answer.status} and ${describe(answer.json)}`;
    return ill('critical', 'body', what, [seconds]);
  }
  const slow = history.note('health slow', answer.tookMs > options.slow && !isBooting, now);
  const took = humanDuration(answer.tookMs);
  if (slow.inLast(5) >= 3) {
    const what = `slow: ${slow.inLast(5)} of the last 5 answers took longer than ${humanDuration(options.slow)}, this one ${took}`;
    return ill('warning', 'threshold', what, [seconds]);
  }
  return well(`answers in ${took}`, [seconds]);
}

function describe(json: unknown): string {
  return json === undefined ? 'no JSON' : 'another JSON';
}

const started = v.object({
  ok: v.boolean(),
  status: v.string(),
  pendingReason: v.optional(v.string()),
  version: v.optional(v.string()),
});

/** Whether the gateway has started, or has been starting or stopping for too long. */
export function judgeStartup(answer: ProbeAnswer, { history, now, options }: Scene): Found {
  const parsed = isFailure(answer) ? undefined : v.safeParse(started, answer.json);
  const status = parsed?.success === true ? parsed.output.status : '';
  const starting = history.note('startup starting', status === 'starting', now);
  const draining = history.note('startup draining', status === 'draining', now);
  if (isFailure(answer)) return well('not asked: the gateway does not answer');
  if (parsed?.success !== true) return notOffered('/startupz', 'before 2026.8.1');
  const why = parsed.output.pendingReason ?? 'no reason given';
  if (status === 'starting') {
    const what = `has been starting for ${humanDuration(starting.forMs)}: ${why}`;
    if (starting.forMs > options.boot_patience) return ill('critical', 'status', what);
    return starting.forMs > 120_000 ? ill('warning', 'status', what) : well(what);
  }
  if (status === 'draining') {
    const what = `has been stopping for ${humanDuration(draining.forMs)}`;
    return draining.forMs > 360_000 ? ill('critical', 'status', what) : well(what);
  }
  const { version } = parsed.output;
  const found = well(status);
  return version === undefined ? found : { ...found, facts: [{ name: 'version', text: version }] };
}

/** Whether an answer of `/health` is that of a gateway whose event loop runs. */
export function isLive(answer: ProbeAnswer): boolean {
  return !isFailure(answer) && v.is(live, answer.json);
}

/** Whether an answer of `/startupz` says that the gateway is ready to work. */
export function isStarted(answer: ProbeAnswer): boolean {
  return !isFailure(answer) && v.is(v.object({ status: v.literal('started') }), answer.json);
}

function notOffered(what: string, versions: string): Found {
  return well(`this version does not offer ${what} (as those ${versions})`);
}

const names = v.optional(v.array(v.string()), []);
const readiness = v.object({ ready: v.boolean(), failing: names, suppressed: names });

/** What the gateway itself says is not ready. Channels flap there, so the share counts. */
export function judgeReadiness(answer: ProbeAnswer, { history, now, isBooting }: Scene): Found {
  if (isFailure(answer)) return well('not asked: the gateway does not answer');
  const parsed = v.safeParse(readiness, answer.json);
  if (!parsed.success) return notOffered('/readyz', 'before March 2026');
  const { failing, suppressed } = parsed.output;
  const passing = /^(?:startup-sidecars|gateway-draining)$/;
  const named = failing.filter((name) => !passing.test(name));
  const values = [
    { metric: 'failing', value: named.length },
    { metric: 'suppressed', value: suppressed.length },
  ];
  const troubles: Found[] = [];
  if (suppressed.length > 0) {
    const what = `the restart breaker has switched off ${suppressed.join(', ')} after repeated unclean starts, and /readyz is green all the same: restart the gateway once, cleanly`;
    troubles.push(ill('critical', 'status', what));
  }
  for (const name of new Set([...named, ...history.named('ready ')])) {
    const streak = history.note(`ready ${name}`, named.includes(name), now);
    if (/^state-database$|^agent-database:/.test(name) && named.includes(name)) {
      const what = `the gateway says that ${name} is not usable`;
      troubles.push({ ...ill('critical', 'status', what), because: ['storage'] });
    } else if (streak.shareWithin(15 * 60_000) >= 0.5) {
      const what = `${name} was not ready in ${Math.round(streak.shareWithin(15 * 60_000) * 100)}% of the last 15m`;
      troubles.push(ill('critical', 'status', what));
    } else if (streak.inRow >= 3 && !isBooting) {
      troubles.push(
        ill('warning', 'status', `${name} has not been ready ${streak.inRow} times in a row`),
      );
    }
  }
  return worstFound(
    troubles,
    well(named.length === 0 ? 'ready' : `for now not ready: ${named.join(', ')}`, values),
  );
}
