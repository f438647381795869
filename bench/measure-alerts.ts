import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { installAgent } from './agent.ts';
import type { Heard } from './alert-hook.ts';
import { alertNow, change, post, untilHeard } from './alert-load.ts';
import { alertReport } from './alert-report.ts';
import { answers, freePort, startChild, type Child } from './child.ts';
import { machineFacts } from './facts.ts';
import { cpuSeconds, medianMemory, type Memory } from './measure.ts';
import { peerPrograms } from './peers.ts';
import { startScript } from './start-script.ts';
import { tell } from './tell.ts';

export interface AlertPlan {
  /** Alerts that fire all the time, of which `changing` begin and end. */
  readonly active: number;
  readonly changing: number;
  readonly groups: number;
  readonly perSecond: number;
  readonly seconds: number;
  /** Alerts that are each a group of their own, posted one by one. */
  readonly single: number;
}

const whole: AlertPlan = {
  active: 10_000,
  changing: 5_000,
  groups: 50,
  perSecond: 1000,
  seconds: 30,
  single: 200,
};
const quick: AlertPlan = { ...whole, seconds: 8, single: 40 };

/** Between two alerts posted one by one. */
const singleEveryMs = 50;

export interface AlertResults {
  readonly name: string;
  readonly changes: number;
  /** Milliseconds from posting to the request that told it. */
  readonly changeMs: readonly number[];
  readonly singleMs: readonly number[];
  readonly messages: number;
  readonly cpuMsPerChange: number;
  /** With all alerts active, before and after the changes. */
  readonly memory: Memory;
  readonly memoryAfter: Memory;
}

interface Program {
  readonly name: string;
  readonly start: (directory: string, hook: string) => Promise<{ address: string; child: Child }>;
}

/** The same routing for both: a group for each service, and one for each of the single alerts. */
function routing(hook: string): string {
  return `
route:
  receiver: hook
  group_by: [service]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 4h
  routes: [{ receiver: hook, matchers: ['kind="single"'], group_by: ['...'], group_wait: 0s, group_interval: 1s }]
receivers: [{ name: hook, webhook_configs: [{ url: "${hook}" }] }]
`;
}

const tocsin: Program = {
  name: 'tocsin',
  async start(directory, hook) {
    const lines = [routing(hook), 'checks: [{ name: memory, type: memory, interval: 1h }]'];
    const { command, port } = await installAgent(directory, lines);
    const child = startChild('tocsin', command, join(directory, 'tocsin.log'));
    const address = `http://127.0.0.1:${port}`;
    await answers(`${address}/-/ready`, 10_000);
    return { address, child };
  },
};

const alertmanager: Program = {
  name: 'Alertmanager',
  async start(directory, hook) {
    const port = await freePort();
    const config = join(directory, 'alertmanager.yml');
    writeFileSync(config, routing(hook));
    const flags = [
      `--config.file=${config}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
      `--storage.path=${join(directory, 'data')}`,
    ];
    const command = [peerPrograms.alertmanager, ...flags] as const;
    const child = startChild('alertmanager', command, join(directory, 'alertmanager.log'));
    const address = `http://127.0.0.1:${port}`;
    await answers(`${address}/-/ready`, 10_000);
    return { address, child };
  },
};

/**
 * Many posted alerts and many changes, tocsin and Alertmanager one after the other with the same routing, as
 * tables. Uses `directory`; all processes have ended when it resolves. Throws when a change was not told.
 */
export async function measureAlerts(
  directory: string,
  isQuick: boolean,
  withPeers: boolean,
): Promise<string> {
  const plan = isQuick ? quick : whole;
  await using hook = await startScript('alert-hook', '/', directory);
  const results: AlertResults[] = [];
  for (const program of withPeers ? [tocsin, alertmanager] : [tocsin]) {
    tell(`posting alerts to ${program.name}`);
    const place = join(directory, program.name);
    mkdirSync(place);
    results.push(await measureProgram(program, plan, hook.address, place));
  }
  const names = withPeers ? (['tocsin', 'alertmanager'] as const) : (['tocsin'] as const);
  return alertReport({ plan, results, facts: machineFacts(names) });
}

async function measureProgram(
  { name, start }: Program,
  plan: AlertPlan,
  hook: string,
  directory: string,
): Promise<AlertResults> {
  const { address, child } = await start(directory, `${hook}/hook/${name}`);
  await using _ended = child;
  const heard = async (): Promise<Heard> =>
    (await (await fetch(`${hook}/heard/${name}`)).json()) as Heard;
  const count = async (kind: string): Promise<number> =>
    (await heard()).latenciesMs[kind]?.length ?? 0;
  const numbers = Array.from({ length: plan.active }, (_, number) => number);
  const changing = numbers.slice(0, plan.changing);
  // Those that change later are of the same kind from the start: a label is a part of what an alert is.
  const kindOf = (number: number): string => (number < plan.changing ? 'changing' : 'steady');
  await post(
    address,
    numbers.map((number) => alertNow(kindOf(number), number, plan.groups, true)),
  );
  await untilHeard(() => count('steady'), plan.active - plan.changing);
  await untilHeard(() => count('changing'), plan.changing);
  await wait(3000);
  const memory = await oneMemory(child.pid);
  const before = await heard();
  const cpuBefore = cpuSeconds(child.pid);
  const changes = await change(address, plan, changing);
  await untilHeard(() => count('changing'), plan.changing + changes);
  const cpuMsPerChange = ((cpuSeconds(child.pid) - cpuBefore) * 1000) / changes;
  const after = await heard();
  const memoryAfter = await oneMemory(child.pid);
  for (let number = 0; number < plan.single; number += 1) {
    await post(address, [alertNow('single', number, plan.groups, true)]);
    await wait(singleEveryMs);
  }
  await untilHeard(() => count('single'), plan.single);
  return {
    name,
    changes,
    changeMs: after.latenciesMs['changing']?.slice(plan.changing) ?? [],
    singleMs: (await heard()).latenciesMs['single'] ?? [],
    messages: after.messages - before.messages,
    cpuMsPerChange,
    memory,
    memoryAfter,
  };
}

async function oneMemory(pid: number): Promise<Memory> {
  const [memory] = await medianMemory([pid], 3);
  if (memory === undefined) throw new Error('the memory was not read');
  return memory;
}
