import type { Clock } from '../../lib/clock.ts';
import { humanDuration } from '../../lib/duration.ts';
import { createCanary, type Kept } from './canary.ts';
import { judgeChannels, type ChannelMemory } from './channels.ts';
import { judgeCronRuns } from './cron-runs.ts';
import { judgeCron } from './cron-status.ts';
import { afterCalls, callOn, type Answer } from './gateway-calls.ts';
import type { GatewayLine } from './gateway-line.ts';
import { createHandshake } from './handshake.ts';
import { judgeLanes, judgePlugins, judgeTasks } from './inside.ts';
import { ill, innerPartNames, well, type Found, type InnerPartName } from './part.ts';
import type { Scene } from './scene.ts';
import { judgeStability, stabilityEvents } from './stability.ts';
import { versionOnDisk } from './version.ts';

/** The gateway sends a tick every 30 seconds. */
const tickSilenceMs = 75_000;

type InnerFinding = Found & { readonly part: InnerPartName };

type Findings = Readonly<Record<InnerPartName, Found>>;

/** What is said of every part while the gateway is not asked. */
function notAsked(why: string): Findings {
  const found: Found = { ...well(`not asked: ${why}`), notSeen: true };
  return Object.fromEntries(innerPartNames.map((name) => [name, found])) as Findings;
}

/** The parts that only a gateway itself knows of: one connection with the right to read, kept. */
export function createInnerParts(clock: Clock, kept: Kept | undefined) {
  const handshake = createHandshake(clock);
  const canary = createCanary(clock, kept);
  const channels: ChannelMemory = new Map();
  let latest = notAsked('the gateway does not answer');
  let askedMs = Number.NEGATIVE_INFINITY;

  const ask = async (scene: Scene): Promise<Findings> => {
    const greeting = await handshake.greet(scene);
    const line = handshake.line();
    if (line === undefined) {
      return { ...notAsked('there is no connection'), handshake: greeting };
    }
    return { ...notAsked('yet'), ...(await askOn(line, scene, channels, greeting)) };
  };

  return {
    /** Asks once in `deep_interval`; in between, what was found then still stands. */
    async look(scene: Scene, isReady: boolean): Promise<readonly InnerFinding[]> {
      const { parts, deep_interval: everyMs } = scene.options;
      const isOff = scene.options.canary === undefined;
      const wanted = innerPartNames.filter((name) => parts[name] && !(name === 'canary' && isOff));
      if (!parts.handshake) return [];
      const { steadyMs } = scene.now;
      if (!isReady) latest = notAsked('the gateway is not ready');
      else if (steadyMs - askedMs >= everyMs || handshake.isLost()) {
        askedMs = steadyMs;
        latest = await ask(scene);
      }
      const found: Findings = {
        ...latest,
        ticks: judgeTicks(handshake.line(), clock),
        canary: canary.look(scene, isReady),
      };
      return wanted.map((part) => ({ part, ...found[part] }));
    },
    close(): void {
      handshake.close();
      canary.close();
    },
  };
}

/** Asks all that is asked, side by side, and judges it. */
async function askOn(
  line: GatewayLine,
  scene: Scene,
  memory: ChannelMemory,
  greeting: Found,
): Promise<Omit<Findings, 'ticks' | 'canary'>> {
  const call = callOn(line, scene);
  const reading = versionOnDisk(scene);
  const [channels, cron, jobs, runs, status, lanes, tasks, pressure, stuck] = await Promise.all([
    call('channels.status'),
    call('cron.status'),
    call('cron.list', { includeDisabled: true, limit: 200 }),
    call('cron.runs', { scope: 'all', limit: 200 }),
    call('status'),
    call('diagnostics.lanes'),
    call('tasks.list', { limit: 200 }),
    call('diagnostics.stability', { type: stabilityEvents.pressure, limit: 100 }),
    call('diagnostics.stability', { type: stabilityEvents.stuck, limit: 100 }),
  ]);
  const answers = [channels, cron, jobs, runs, status, lanes, tasks, pressure, stuck];
  const judge = (answer: Answer, found: (payload: unknown) => Found): Found =>
    'found' in answer ? answer.found : found(answer.payload);
  const listed = 'payload' in jobs ? jobs.payload : undefined;
  const onDisk = await reading;
  return {
    handshake: afterCalls(greeting, answers),
    channels: judge(channels, (payload) => judgeChannels(payload, scene, memory)),
    cron: judge(cron, (payload) => judgeCron(payload, listed, scene)),
    cron_runs: 'found' in runs ? runs.found : await judgeCronRuns(runs.payload, listed, scene),
    plugins: judge(status, (payload) => judgePlugins(payload, onDisk)),
    lanes: judge(lanes, (payload) => judgeLanes(payload, scene)),
    tasks: judge(tasks, (payload) => judgeTasks(payload, scene)),
    stability: judge(pressure, (first) =>
      judge(stuck, (second) => judgeStability(first, second, scene)),
    ),
  };
}

function judgeTicks(line: GatewayLine | undefined, clock: Clock): Found {
  if (line === undefined) return well('there is no connection');
  const silentMs = clock.now().steadyMs - line.lastTickMs();
  const values = [{ metric: 'silent_seconds', value: silentMs / 1000, unit: 's' }];
  const what = `the last tick came ${humanDuration(silentMs)} ago`;
  if (silentMs <= tickSilenceMs) return well(what, values);
  const silent = `${what}, and there should be one every 30s`;
  return { ...ill('critical', 'stale', silent, values), because: ['health'] };
}
