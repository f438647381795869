import { readFile } from 'node:fs/promises';
import type { HostPlaces } from './places.ts';

/** `SO_ACCEPTCON` of the kernel: it waits for connections. */
const listens = '00010000';

/** Numbers of the sockets that listen on a path of the file system. Source: proc_net(5), "unix". */
export async function unixListeners(
  path: string,
  { proc }: HostPlaces,
): Promise<readonly string[]> {
  const text = await readFile(`${proc}/net/unix`, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const [, , , flags, , , inode, ...name] = line.trim().split(/\s+/);
    return flags === listens && inode !== undefined && name.join(' ') === path ? [inode] : [];
  });
}
