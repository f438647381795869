import { setTimeout as wait } from 'node:timers/promises';
import { addMemory, cpuSeconds, medianMemory, type Memory } from './measure.ts';
import type { Cost } from './results.ts';
import type { Side } from './side.ts';
import type { StandInState } from './stand-in.ts';

export type SideName = keyof StandInState;

/** What one side cost over a window in which it was left to its work. */
export interface WindowResult {
  readonly probes: number;
  readonly processes: readonly Cost[];
  readonly total: Cost;
}

/** Measures all sides over the same window; memory is read in its last part, once a second. */
export async function measureWindow(
  sides: ReadonlyMap<SideName, Side>,
  standIn: string,
  seconds: number,
): Promise<Map<SideName, WindowResult>> {
  const memorySeconds = Math.min(15, seconds / 2);
  const before = await reading(sides, standIn);
  await wait((seconds - memorySeconds) * 1000);
  const memory = new Map(
    await Promise.all(
      [...sides].map(
        async ([name, { children }]) =>
          [name, await medianMemory(pidsOf(children), memorySeconds)] as const,
      ),
    ),
  );
  const after = await reading(sides, standIn);
  return new Map(
    [...sides].map(([name, side]) => {
      const probes = after.seen[name].probes - before.seen[name].probes;
      const costs = side.children.map((child, index): Cost => {
        const used = (after.cpu.get(child.pid) ?? 0) - (before.cpu.get(child.pid) ?? 0);
        const memoryOfChild = memory.get(name)?.[index] ?? addMemory([]);
        return { name: child.name, cpuMsPerProbe: (used * 1000) / probes, memory: memoryOfChild };
      });
      return [name, { probes, processes: costs, total: sum(costs) }];
    }),
  );
}

/** Lets the first `count` targets fail, and waits until both sides told of all, at most `seconds`. */
export async function provokeMessages(
  sides: ReadonlyMap<SideName, Side>,
  standIn: string,
  count: number,
  seconds: number,
): Promise<Map<SideName, { readonly latenciesMs: readonly number[]; readonly memory: Memory }>> {
  await fetch(`${standIn}/failing?count=${count}`, { method: 'POST' });
  const deadlineMs = performance.now() + seconds * 1000;
  let seen = await stateOf(standIn);
  const missing = (): boolean =>
    [...sides.keys()].some((name) => seen[name].latenciesMs.length < count);
  while (missing() && performance.now() < deadlineMs) {
    await wait(500);
    seen = await stateOf(standIn);
  }
  const results = [...sides].map(async ([name, { children }]) => {
    const memory = addMemory(await medianMemory(pidsOf(children), 5));
    return [name, { latenciesMs: seen[name].latenciesMs, memory }] as const;
  });
  return new Map(await Promise.all(results));
}

async function reading(
  sides: ReadonlyMap<SideName, Side>,
  standIn: string,
): Promise<{ seen: StandInState; cpu: Map<number, number> }> {
  const pids = [...sides.values()].flatMap(({ children }) => pidsOf(children));
  const seen = await stateOf(standIn);
  return { seen, cpu: new Map(pids.map((pid) => [pid, cpuSeconds(pid)])) };
}

async function stateOf(standIn: string): Promise<StandInState> {
  const response = await fetch(`${standIn}/state`);
  return (await response.json()) as StandInState;
}

function pidsOf(children: Side['children']): number[] {
  return children.map(({ pid }) => pid);
}

function sum(costs: readonly Cost[]): Cost {
  return {
    name: 'total',
    cpuMsPerProbe: costs.reduce((total, { cpuMsPerProbe }) => total + cpuMsPerProbe, 0),
    memory: addMemory(costs.map(({ memory }) => memory)),
  };
}
