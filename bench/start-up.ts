import { join } from 'node:path';
import { agentCommand } from './agent.ts';
import { answers, startChild } from './child.ts';
import { blackboxCommand } from './peers.ts';
import type { Work } from './side.ts';

/** Milliseconds from starting the agent to its first 200 from `/-/ready`, the state kept in between. */
export async function timeAgentStarts(work: Work, times: number): Promise<number[]> {
  const { command, port } = await agentCommand(work);
  return timeStarts(command, `http://127.0.0.1:${port}/-/ready`, work.directory, times);
}

/** The same for blackbox_exporter and `/-/healthy`. */
export async function timeBlackboxStarts(directory: string, times: number): Promise<number[]> {
  const { command, port } = await blackboxCommand(directory);
  return timeStarts(command, `http://127.0.0.1:${port}/-/healthy`, directory, times);
}

async function timeStarts(
  command: readonly [string, ...string[]],
  url: string,
  directory: string,
  times: number,
): Promise<number[]> {
  const took: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const startMs = performance.now();
    await using _child = startChild('start', command, join(directory, 'start.log'));
    await answers(url, 10_000);
    took.push(performance.now() - startMs);
  }
  return took;
}
