import type { Clock } from '../../lib/clock.ts';
import { humanDuration } from '../../lib/duration.ts';
import type { PartFinding } from '../../model/result.ts';
import { judgeChannels, type ReconnectMemory } from './channels.ts';
import { judgeCron, judgeCronRuns } from './cron-status.ts';
import { openLine, type GatewayLine } from './gateway-line.ts';
import { judgeLanes, judgePlugins, judgeTasks } from './inside.ts';
import { ill, innerPartNames, well, type Found, type InnerPartName } from './part.ts';
import type { Scene } from './scene.ts';

/** The gateway sends a tick every 30 seconds. */
const tickSilenceMs = 75_000;

/** For the login and for each call; less where the check itself has less time. */
const deadlineMaxMs = 10_000;

type Findings = Readonly<Record<InnerPartName, Found>>;

/** What is said of every part while the gateway is not asked. */
function notAsked(why: string): Findings {
  const found: Found = { ...well(`not asked: ${why}`), notSeen: true };
  return Object.fromEntries(innerPartNames.map((name) => [name, found])) as Findings;
}

/** The parts that only a gateway itself knows of: one connection with the right to read, kept. */
export function createInnerParts(clock: Clock) {
  let line: GatewayLine | undefined;
  let latest = notAsked('the gateway does not answer');
  let greeting = latest.handshake;
  let askedMs = Number.NEGATIVE_INFINITY;
  const reconnects: ReconnectMemory = new Map();

  const connect = async (scene: Scene): Promise<Found> => {
    const { installation, history, now } = scene;
    const { port, token, settings } = installation;
    if (token === undefined) {
      const what = 'no token of the gateway was found: give it by token, or leave out handshake';
      return ill('unknown', 'auth', what);
    }
    const startMs = clock.now().steadyMs;
    const place = { port, isTls: settings?.isTls === true, token, deadlineMs: deadlineOf(scene) };
    const opened = await openLine(place, clock);
    const streak = history.note('handshake', 'reason' in opened, now);
    if ('code' in opened) return refused(opened.code);
    if ('reason' in opened) {
      const what = `the gateway answers HTTP, but lets nobody in (its state database, or a handler, stands still): ${opened.summary}`;
      return streak.inRow >= 2 ? ill('critical', opened.reason, what) : well(what);
    }
    line = opened;
    return welcome(opened, clock.now().steadyMs - startMs);
  };

  const ask = async (scene: Scene): Promise<Findings> => {
    const handshake = line?.isOpen() === true ? greeting : (greeting = await connect(scene));
    if (line?.isOpen() !== true) return { ...notAsked('there is no connection'), handshake };
    const call = callOn(line, scene);
    const [channels, cron, jobs, runs, status, lanes, tasks] = await Promise.all([
      call('channels.status'),
      call('cron.status'),
      call('cron.list', { includeDisabled: true }),
      call('cron.runs'),
      call('status'),
      call('diagnostics.lanes'),
      call('tasks.list'),
    ]);
    const judge = (answer: Answer, found: (payload: unknown) => Found): Found =>
      'found' in answer ? answer.found : found(answer.payload);
    return {
      handshake,
      ticks: well('comes'),
      channels: judge(channels, (payload) => judgeChannels(payload, scene, reconnects)),
      cron: judge(cron, (payload) =>
        judgeCron(payload, 'payload' in jobs ? jobs.payload : undefined, scene),
      ),
      cron_runs: judge(runs, (payload) => judgeCronRuns(payload, scene)),
      plugins: judge(status, judgePlugins),
      lanes: judge(lanes, (payload) => judgeLanes(payload, scene)),
      tasks: judge(tasks, (payload) => judgeTasks(payload, scene)),
    };
  };

  return {
    /** Asks once in `deep_interval`; in between, what was found then still stands. */
    async look(scene: Scene, isReady: boolean): Promise<readonly PartFinding[]> {
      const { parts, deep_interval: everyMs } = scene.options;
      const wanted = innerPartNames.filter((name) => parts[name]);
      if (!parts.handshake) return [];
      const { steadyMs } = scene.now;
      if (!isReady) latest = notAsked('the gateway is not ready');
      else if (steadyMs - askedMs >= everyMs || line?.isOpen() === false) {
        askedMs = steadyMs;
        latest = await ask(scene);
      }
      const ticks = judgeTicks(line, clock);
      return wanted.map((part) => ({ part, ...(part === 'ticks' ? ticks : latest[part]) }));
    },
    close: () => line?.close(),
  };
}

function deadlineOf({ run }: Scene): number {
  return Math.max(1000, Math.min(deadlineMaxMs, run.timeoutMs - 1000));
}

function welcome({ version }: GatewayLine, tookMs: number): Found {
  const seconds = { metric: 'seconds', value: tookMs / 1000, unit: 's' };
  const found = well(`let in by OpenClaw ${version} within ${humanDuration(tookMs)}`, [seconds]);
  return version === '' ? found : { ...found, facts: [{ name: 'version', text: version }] };
}

function refused(code: string): Found {
  if (code === 'PROTOCOL_MISMATCH') {
    return well('this version speaks another protocol, and is not asked any more than that');
  }
  return ill('warning', 'auth', `the gateway does not let the agent in with its token: ${code}`);
}

type Answer = { readonly payload: unknown } | { readonly found: Found };

/** Calls what this version has; what it has not is said, and what does not answer is a finding. */
function callOn(line: GatewayLine, { history, now }: Scene) {
  return async (method: string, parameters?: object): Promise<Answer> => {
    if (!line.methods.has(method)) return { found: well(`this version does not offer ${method}`) };
    const answer = await line.ask(method, parameters);
    const isDown =
      'reason' in answer && (answer.reason === 'timeout' || answer.reason === 'status');
    const streak = history.note(`call ${method}`, isDown, now);
    if (!('reason' in answer)) return answer;
    const { reason, summary } = answer;
    if (!isDown) return { found: ill('unknown', reason, summary) };
    return { found: streak.inRow >= 2 ? ill('critical', reason, summary) : well(summary) };
  };
}

function judgeTicks(line: GatewayLine | undefined, clock: Clock): Found {
  if (line?.isOpen() !== true) return well('there is no connection');
  const silentMs = clock.now().steadyMs - line.lastTickMs();
  const values = [{ metric: 'silent_seconds', value: silentMs / 1000, unit: 's' }];
  const what = `the last tick came ${humanDuration(silentMs)} ago`;
  if (silentMs <= tickSilenceMs) return well(what, values);
  return ill('critical', 'stale', `${what}, and there should be one every 30s`, values);
}
