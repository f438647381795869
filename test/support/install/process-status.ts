import { readFileSync } from 'node:fs';

/** The fields of `/proc/PID/status`: whose a process is, and what it may do. */
export function processStatus(pid: number): Readonly<Record<string, string>> {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const fields = [...text.matchAll(/^(\w+):\t(.*)$/gm)];
  return Object.fromEntries(fields.map(([, name, value]) => [name, value]));
}
