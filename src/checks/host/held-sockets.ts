import { readdir, readlink } from 'node:fs/promises';

/** A socket among the open files of a process. */
interface HeldSocket {
  readonly inode: string;
  /** The open file, below `/proc`. */
  readonly place: string;
}

/** The sockets that a process holds; `isHidden` where its open files are another user's. Never rejects. */
export async function heldSockets(
  pid: number,
  proc: string,
): Promise<{ readonly sockets: readonly HeldSocket[]; readonly isHidden: boolean }> {
  const folder = `${proc}/${pid}/fd`;
  let isHidden = false;
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    isHidden = error.code === 'EACCES' || error.code === 'EPERM';
    return [];
  });
  const sockets: HeldSocket[] = [];
  for (const file of files) {
    const place = `${folder}/${file}`;
    const inode = await socketAt(place);
    if (inode !== undefined) sockets.push({ inode, place });
  }
  return { sockets, isHidden };
}

/** The number of the socket that an open file is; undefined for any other file, or none. */
export async function socketAt(place: string): Promise<string | undefined> {
  const link = await readlink(place).catch(() => '');
  return /^socket:\[(\d+)\]$/.exec(link)?.[1];
}
