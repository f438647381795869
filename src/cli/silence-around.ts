import { systemClock } from '../lib/clock.ts';
import { humanDuration } from '../lib/duration.ts';
import type { Matcher } from '../model/route.ts';
import { errorOf, type Answer, type Ask } from './agent-client.ts';
import type { AlertAnswer, SilenceAnswer } from './api-types.ts';
import type { CommandContext } from './command.ts';
import { silencesOf } from './silence.ts';
import { runWrapped } from './wrapped-command.ts';

export interface SilenceRequestBody {
  readonly matchers: readonly string[];
  readonly startsAt: string;
  /** The latest end. */
  readonly endsAt: string;
  readonly createdBy: string;
  readonly comment: string;
}

/** How often the agent is asked what fires. */
const pollMs = 1000;

interface Incident {
  readonly name: string;
  readonly startsAtMs: number;
  lastSeenMs: number;
  firing: boolean;
  description: string;
}

/**
 * A silence around a command. It begins before the command, lasts while that runs, and ends once all that it
 * matches is ok again, or at its latest end: that one the agent keeps, whatever becomes of this process.
 * Gives the exit code of the command, and tells what happened inside.
 */
export async function silenceAround(options: {
  readonly ask: Ask;
  readonly request: SilenceRequestBody;
  readonly matchers: readonly Matcher[];
  readonly command: readonly string[];
  readonly context: CommandContext;
  readonly isJson: boolean;
}): Promise<number> {
  const { ask, request, matchers, command, context, isJson } = options;
  const say = (text: string): unknown => context.stderr.write(`tocsin: ${text}\n`);
  const started = await ask('POST', '/api/v1/silences', request);
  if (started.status !== 200) return errorOf(started, context);
  const { id } = started.body as { readonly id: string };
  say(`silence ${id} has begun, for ${humanDuration(leftMs(request))} at most`);
  const watch = watchIncidents(ask, matchers);
  const beganMs = nowMs();
  const end = await runWrapped(command, context.cwd);
  const tookMs = nowMs() - beganMs;
  if (end.failure !== undefined) {
    say(end.failure);
    await quietly(ask('POST', `/api/v1/silences/${id}/expire`));
    await watch.stop();
    return end.exitCode;
  }
  // From now on: what was found while the command still ran says nothing.
  const untilOk = await quietly(askUntilOk(ask, id, request));
  const waits = untilOk?.status === 200 && !end.interrupted;
  if (waits) say(`the command has ended with ${end.exitCode}; waiting until all is ok`);
  const outcome = waits ? await untilOver(ask, id, request) : 'left';
  await watch.stop();
  const incidents = [...watch.incidents.values()];
  if (isJson) {
    const report = { apiVersion: 1, silence: id, exitCode: end.exitCode, tookMs, outcome };
    const alerts = incidents.map(({ name, startsAtMs, lastSeenMs, firing, description }) => ({
      alertname: name,
      startsAt: new Date(startsAtMs).toISOString(),
      lastedMs: lastSeenMs - startsAtMs,
      firing,
      description,
    }));
    context.stdout.write(`${JSON.stringify({ ...report, alerts })}\n`);
  } else {
    say(`${command.join(' ')} took ${humanDuration(tookMs)} and ended with ${end.exitCode}`);
    say(sentences[outcome](id, humanDuration(nowMs() - beganMs)));
    for (const line of incidentLines(incidents)) say(line);
  }
  return end.exitCode;
}

/** Lets the silence end once all is ok. It is named by its start as the agent has it, else it would be another. */
async function askUntilOk(ask: Ask, id: string, request: SilenceRequestBody): Promise<Answer> {
  const silence = (await silencesOf(ask)).find((one) => one.id === id);
  const startsAt = silence?.startsAt ?? request.startsAt;
  return ask('POST', '/api/v1/silences', { ...request, id, startsAt, untilOk: true });
}

type Outcome = 'all ok' | 'expired' | 'lost' | 'left' | 'interrupted';

const sentences: Readonly<Record<Outcome, (id: string, after: string) => string>> = {
  'all ok': (_id, after) => `all is ok: the silence has ended after ${after}`,
  expired: (_id, after) =>
    `the silence has ended after ${after}, its longest: whatever still fires is told now`,
  lost: () => 'the agent does not answer any more; the silence ends at its latest end',
  left: (id) => `the silence ${id} stays until all is ok, or its latest end`,
  interrupted: (id) => `not waiting: the silence ${id} stays until all is ok, or its latest end`,
};

function incidentLines(incidents: readonly Incident[]): string[] {
  if (incidents.length === 0) return ['nothing fired inside it'];
  return incidents.map(({ name, startsAtMs, lastSeenMs, firing, description }) => {
    const lasted = humanDuration(Math.max(0, lastSeenMs - startsAtMs));
    return firing
      ? `${name} is still firing, for ${lasted}: ${description}`
      : `${name} fired for ${lasted} and is ok again`;
  });
}

/** Waits for the end of the silence, or for somebody who does not want to wait. */
async function untilOver(ask: Ask, id: string, request: SilenceRequestBody): Promise<Outcome> {
  let interrupted = false;
  const interrupt = (): void => {
    interrupted = true;
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt).on('SIGHUP', interrupt);
  try {
    for (;;) {
      const answer = await quietly(ask('GET', '/api/v1/silences'));
      const { silences = [] } = (answer?.body ?? {}) as { silences?: readonly SilenceAnswer[] };
      const silence = silences.find((one) => one.id === id);
      const atLatest = leftMs(request) <= 0;
      if (silence?.state === 'expired') return atLatest ? 'expired' : 'all ok';
      if (interrupted) return 'interrupted';
      if (atLatest && silence === undefined) return 'lost';
      await pause(pollMs);
    }
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt).off('SIGHUP', interrupt);
  }
}

/** Notes what fires among the matching alerts until it is stopped. */
function watchIncidents(
  ask: Ask,
  matchers: readonly Matcher[],
): { readonly incidents: ReadonlyMap<string, Incident>; stop(): Promise<void> } {
  const incidents = new Map<string, Incident>();
  const state = { stopped: false };
  const look = async (): Promise<void> => {
    const answer = await quietly(ask('GET', '/api/v1/alerts'));
    if (answer?.status !== 200) return;
    const { alerts } = answer.body as { readonly alerts: readonly AlertAnswer[] };
    for (const incident of incidents.values()) incident.firing = false;
    for (const { fingerprint, labels, annotations, startsAt } of alerts) {
      if (!matchers.every((matcher) => matcher.matches(labels))) continue;
      const known = incidents.get(fingerprint);
      const description = annotations['description'] ?? annotations['summary'] ?? '';
      const startsAtMs = known?.startsAtMs ?? Date.parse(startsAt);
      const name = labels['alertname'] ?? fingerprint;
      const seen = { name, startsAtMs, lastSeenMs: nowMs(), firing: true, description };
      incidents.set(fingerprint, seen);
    }
  };
  const loop = (async () => {
    while (!state.stopped) {
      await look();
      if (!state.stopped) await pause(pollMs);
    }
  })();
  return {
    incidents,
    async stop() {
      state.stopped = true;
      await loop;
      await look();
    },
  };
}

/** An answer, or undefined where the agent does not answer: it may be what is being deployed. */
async function quietly<Value>(answer: Promise<Value>): Promise<Value | undefined> {
  return answer.catch(() => undefined);
}

const clock = systemClock();

function nowMs(): number {
  return clock.now().wallMs;
}

function leftMs({ endsAt }: SilenceRequestBody): number {
  return Date.parse(endsAt) - nowMs();
}

async function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
