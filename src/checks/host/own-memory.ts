import { readFile } from 'node:fs/promises';
import type { HostPlaces } from './places.ts';

/**
 * How often the kernel has killed in the control group of the agent because it may take no more memory. Zero where it
 * does not tell: without a service manager, or with version 1 of control groups.
 */
export async function killsInOwnGroup({ proc, sys }: HostPlaces): Promise<number> {
  try {
    const group = /^0::(\/.*)$/m.exec(await readFile(`${proc}/self/cgroup`, 'utf8'))?.[1] ?? '';
    const events = await readFile(`${sys}/fs/cgroup${group}/memory.events`, 'utf8');
    return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
