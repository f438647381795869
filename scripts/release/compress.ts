import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** What xz wrote with one thread does not depend on the number of processors. */
const xzFlags = ['--compress', '--stdout', '--threads=1', '--format=xz', '--check=crc64'];

/**
 * Packs with the program `xz`, level 6 being the one at which unpacking takes 9 MB of memory.
 *
 * @throws Error if there is no such program, or if it fails
 */
export async function xz(content: Buffer, level: number): Promise<Buffer> {
  const child = spawn('xz', [...xzFlags, `-${level}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  const closed = once(child, 'close');
  child.stdin.end(content);
  const [code] = (await closed) as [number];
  if (code !== 0) throw new Error(`xz failed with exit code ${code}`);
  return Buffer.concat(parts);
}

/** Packs with the zlib of Node, whose version package-lock.json names. The header holds no time. */
export async function gz(content: Buffer, level: number): Promise<Buffer> {
  return promisify(gzip)(content, { level });
}
