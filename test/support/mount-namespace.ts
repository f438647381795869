import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { RecordedResult } from '../../src/model/result.ts';

/** A program that mounts a file system which never answers. */
export const hangingFileSystem = join(import.meta.dirname, 'hanging-file-system.py');

/** Why these tests cannot run here; undefined if they can. */
export function lacking(...programs: readonly string[]): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may mount';
  const missing = ['unshare', 'mount', ...programs].find(
    (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error !== undefined,
  );
  if (missing !== undefined) return `the program ${missing} is missing`;
  const works = spawnSync('unshare', ['--mount', 'true'], { stdio: 'ignore' }).status === 0;
  return works ? undefined : 'mount namespaces are not allowed here';
}

/** Checks of one type in a mount namespace of their own, after a shell script has prepared it. */
export async function probeAfter(script: string, type = 'disk') {
  const probe = `exec "${process.execPath}" "${join(import.meta.dirname, 'mount-probe.ts')}"`;
  const shell = `set -e; ${script}; ${probe}`;
  const words = ['--mount', '--propagation', 'private', '/bin/sh', '-c', shell];
  const child = spawn('unshare', words, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  onTestFinished(() => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const pid = child.pid ?? 0;
  return {
    pid,
    run: async (keys: object, timeoutMs = 5000): Promise<RecordedResult> => {
      child.stdin.write(`${JSON.stringify({ type, keys, timeoutMs })}\n`);
      const { value } = await lines.next();
      return JSON.parse(String(value)) as RecordedResult;
    },
    /** Lets the probe end by itself. */
    end: async () => {
      const gone = new Promise((resolve) => {
        child.on('exit', resolve);
      });
      child.stdin.end();
      return gone;
    },
  };
}
