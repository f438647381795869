import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { executable, startAgent } from './agent.ts';
import { machineFacts } from './facts.ts';
import { median } from './measure.ts';
import { peerPrograms, startPeers } from './peers.ts';
import { report } from './report.ts';
import type { Results, SideResults } from './results.ts';
import type { Side, Work } from './side.ts';
import { startScript } from './start-script.ts';
import { timeAgentStarts, timeBlackboxStarts } from './start-up.ts';
import { tell } from './tell.ts';
import { measureWindow, provokeMessages, type SideName } from './window.ts';

const plans = {
  quick: { warmUpSeconds: 15, windowSeconds: 20, starts: 3, messages: 20, messageSeconds: 30 },
  whole: { warmUpSeconds: 30, windowSeconds: 90, starts: 9, messages: 40, messageSeconds: 45 },
};
const scrapes = 21;

/**
 * Both sides doing the same work, as tables. Uses `directory`; all processes have ended when it resolves.
 * Without the peers where they are not installed.
 */
export async function measureWork(
  directory: string,
  quick: boolean,
  withPeers: boolean,
): Promise<string> {
  return report(await measure(directory, quick ? plans.quick : plans.whole, withPeers));
}

async function measure(
  directory: string,
  plan: typeof plans.whole,
  withPeers: boolean,
): Promise<Results> {
  await using worlds = new AsyncDisposableStack();
  const { address: standIn } = worlds.use(await startScript('stand-in', '/state', directory));
  const folder = (name: string): string => {
    const path = join(directory, name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const work = { standIn, targets: 100, intervalSeconds: 5 };
  const agentWork: Work = { ...work, directory: folder('agent') };
  const peerWork: Work = { ...work, directory: folder('peers') };

  const running = worlds.use(new AsyncDisposableStack());
  const agent = running.use(await startAgent(agentWork));
  const sides = new Map<SideName, Side>([['tocsin', agent]]);
  if (withPeers) sides.set('peers', running.use(await startPeers(peerWork)));
  tell(`warming up for ${plan.warmUpSeconds} s`);
  await wait(plan.warmUpSeconds * 1000);
  tell(`measuring for ${plan.windowSeconds} s`);
  const costs = await measureWindow(sides, standIn, plan.windowSeconds);
  const scrape = await timeScrapes(agent.metricsUrl);
  tell(`letting ${plan.messages} targets fail`);
  const messages = await provokeMessages(sides, standIn, plan.messages, plan.messageSeconds);
  await running.disposeAsync();
  tell(`starting ${plan.starts} times`);
  const sideResults = (
    name: SideName,
    programs: readonly string[],
    startMs: readonly number[],
  ): SideResults | undefined => {
    const cost = costs.get(name);
    const told = messages.get(name);
    if (cost === undefined || told === undefined) return undefined;
    const executableBytes = programs.reduce((total, path) => total + statSync(path).size, 0);
    const { latenciesMs, memory: memoryAfterMessages } = told;
    return { ...cost, latenciesMs, memoryAfterMessages, executableBytes, startMs };
  };
  const agentStarts = await timeAgentStarts(agentWork, plan.starts);
  const peerStarts = withPeers ? await timeBlackboxStarts(folder('start'), plan.starts) : [];
  const tocsin = sideResults('tocsin', [executable], agentStarts);
  if (tocsin === undefined) throw new Error('the agent was not measured');
  const peers = sideResults('peers', Object.values(peerPrograms), peerStarts);
  return { ...work, ...plan, facts: machineFacts(), tocsin, peers, scrape };
}

async function timeScrapes(url: string): Promise<Results['scrape']> {
  const took: number[] = [];
  let bytes = 0;
  for (let time = 0; time < scrapes; time += 1) {
    const startMs = performance.now();
    bytes = (await (await fetch(url)).arrayBuffer()).byteLength;
    took.push(performance.now() - startMs);
  }
  return { medianMs: median(took), bytes };
}
