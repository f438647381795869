import { isUnreadable, readHostFile } from './host-file.ts';

/** The unit of systemd in which a process runs; undefined outside of one. */
export async function unitOf(pid: number, proc: string): Promise<string | undefined> {
  const read = await readHostFile(`${proc}/${pid}/cgroup`, (text) => ({ text }));
  if (isUnreadable(read)) return undefined;
  return /^.*\/([^/\n]+\.service)(?:\/|$)/m.exec(read.text)?.[1];
}
