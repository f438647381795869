/*
 * What tocsin costs, beside the peers doing the same work at the same time on the same machine.
 *
 *   npm run bench              measures and writes the tables in bench/README.md
 *   npm run bench -- --quick   a shorter look, printed only
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { executable, startAgent } from './agent.ts';
import { answers, freePort, killChildren, startChild } from './child.ts';
import { machineFacts } from './facts.ts';
import { median } from './measure.ts';
import { missingPeers, peerPrograms, startPeers } from './peers.ts';
import { report } from './report.ts';
import type { Results, SideResults } from './results.ts';
import type { Side, Work } from './side.ts';
import { timeAgentStarts, timeBlackboxStarts } from './start-up.ts';
import { measureWindow, provokeMessages, type SideName } from './window.ts';

const quick = process.argv.includes('--quick');
const plan = quick
  ? { warmUpSeconds: 15, windowSeconds: 20, starts: 3, messages: 20, messageSeconds: 30 }
  : { warmUpSeconds: 30, windowSeconds: 90, starts: 9, messages: 40, messageSeconds: 45 };
const scrapes = 21;

/** Measures everything in `directory`; all processes have ended when it resolves. */
async function measure(directory: string, withPeers: boolean): Promise<Results> {
  await using worlds = new AsyncDisposableStack();
  const standIn = await startStandIn(directory, worlds);
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

async function startStandIn(directory: string, worlds: AsyncDisposableStack): Promise<string> {
  const port = await freePort();
  const script = join(import.meta.dirname, 'stand-in.ts');
  const command: [string, ...string[]] = [process.execPath, script, String(port)];
  worlds.use(startChild('stand-in', command, join(directory, 'stand-in.log')));
  const address = `http://127.0.0.1:${port}`;
  await answers(`${address}/state`, 10_000);
  return address;
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

/** Puts the tables between the markers of `README.md`. */
function keep(tables: string): void {
  const file = join(import.meta.dirname, 'README.md');
  const marked = /(<!-- results -->\n)[\s\S]*(\n<!-- end of results -->)/;
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    text.replace(marked, (_, begin: string, end: string) => `${begin}\n${tables}\n${end}`),
  );
}

function tell(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}

async function main(): Promise<number> {
  if (!existsSync(executable)) {
    tell(`${executable} is missing; npm run build makes it`);
    return 1;
  }
  const missing = missingPeers();
  if (missing.length > 0) tell(`measuring without the peers, not installed: ${missing.join(', ')}`);
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-bench-'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      killChildren();
      rmSync(directory, { recursive: true, force: true });
      process.kill(process.pid, signal);
    });
  }
  try {
    const tables = report(await measure(directory, missing.length === 0));
    process.stdout.write(`${tables}\n`);
    if (!quick && missing.length === 0) keep(tables);
    return 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

process.exitCode = await main();
