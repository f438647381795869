import { closeSync, constants, openSync, readSync } from 'node:fs';
import { kernelRecordsMax } from '../../model/limits.ts';
import { formatBytes } from './bytes.ts';
import { knownName } from './program-name.ts';

/** A process that the kernel killed for lack of memory. */
export interface OomVictim {
  readonly pid: number;
  readonly name: string;
  /** What it held of memory of its own. */
  readonly bytes?: number;
  /** Its control group, such as `/system.slice/nginx.service`. */
  readonly group?: string;
}

/**
 * Reads the victims out of the kernel's messages, oldest first. The messages are read at once, record by
 * record, as `/dev/kmsg` gives them; undefined if the agent may not.
 */
export function readVictims(path: string): readonly OomVictim[] | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  const texts: string[] = [];
  const buffer = Buffer.alloc(8192);
  try {
    for (let count = 0; count < kernelRecordsMax; count += 1) {
      const read = readRecord(file, buffer);
      if (read === undefined) break;
      texts.push(read);
    }
  } finally {
    closeSync(file);
  }
  return parseVictims(texts.join(''));
}

/** One record; empty for one that was overwritten meanwhile, undefined at the end. */
function readRecord(file: number, buffer: Buffer): string | undefined {
  try {
    const length = readSync(file, buffer);
    return length === 0 ? undefined : buffer.toString('utf8', 0, length);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPIPE' ? '' : undefined;
  }
}

/** Reads lines such as `Out of memory: Killed process 12 (node) total-vm:…kB, anon-rss:…kB, …`. */
export function parseVictims(text: string): readonly OomVictim[] {
  const groups = new Map<number, string>();
  const victims: OomVictim[] = [];
  for (const line of text.split('\n')) {
    const [, group, pid] = /oom-kill:.*task_memcg=([^,]+),task=.*,pid=(\d+),/.exec(line) ?? [];
    if (group !== undefined) groups.set(Number(pid), group);
    const killed = /[Kk]illed process (\d+) \((.*)\),? (?:UID \d+,? )?total-vm/.exec(line);
    if (killed === null) continue;
    const kilobytes = Number(/anon-rss:(\d+)kB/.exec(line)?.[1] ?? Number.NaN);
    const number = Number(killed[1]);
    const of = groups.get(number);
    victims.push({
      pid: number,
      name: killed[2] ?? '',
      ...(Number.isFinite(kilobytes) ? { bytes: kilobytes * 1024 } : {}),
      ...(of === undefined ? {} : { group: of }),
    });
  }
  return victims;
}

/** How sentences name a victim: `node (pid 12, 1.9 GB, in system.slice/web.service)`. */
export function describeVictim({ name, pid, bytes, group }: OomVictim): string {
  const size = bytes === undefined ? '' : `, ${formatBytes(bytes)}`;
  const where = group === undefined || group === '/' ? '' : `, in ${group.replace(/^\//, '')}`;
  return `${knownName(name, 'node')} (pid ${pid}${size}${where})`;
}
