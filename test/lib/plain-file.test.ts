import { execFileSync } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileFault, readPlainFile, withPlainFile } from '../../src/lib/plain-file.ts';
import { filePatienceMs } from '../../src/model/limits.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function fileOf(text: string): string {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, text);
  return path;
}

describe('a file that the configuration names', () => {
  test('is read as it is, however many are read at the same time', async () => {
    const paths = Array.from({ length: 20 }, (_, index) => fileOf(`text ${index}`));
    const read = await Promise.all(paths.map(async (path) => readPlainFile(path, 100)));
    expect(read.map(String)).toEqual(paths.map((_, index) => `text ${index}`));
  });

  test('is refused where it is too long, a folder, or a pipe; nobody waits for a writer', async () => {
    const pipe = join(temporaryFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(readPlainFile(fileOf('12345'), 4)).rejects.toThrow('is longer than 4 bytes');
    await expect(readPlainFile(temporaryFolder(), 4)).rejects.toThrow('is no regular file');
    // As many as Node has threads, and names must still be resolved.
    for (let count = 0; count < 4; count += 1) {
      await expect(readPlainFile(pipe, 4)).rejects.toThrow('is no regular file');
    }
    await expect(lookup('localhost')).resolves.toBeDefined();
    await expect(readPlainFile('/nowhere', 4)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('that hangs is given up, not asked again, and leaves others their turn once it is back', async () => {
    const [first, second, third] = [fileOf('1'), fileOf('2'), fileOf('3')] as const;
    const { promise: answer, resolve } = Promise.withResolvers<string>();
    const startMs = performance.now();
    const hanging = [first, second].map(async (path) => withPlainFile(path, async () => answer));
    for (const each of hanging)
      await expect(each).rejects.toThrow(/hangs: its file system has not/);
    expect(performance.now() - startMs).toBeGreaterThan(filePatienceMs * 0.9);
    await expect(readPlainFile(first, 10)).rejects.toThrow('still hangs with its file system');
    // All places are taken by those that hang.
    await expect(readPlainFile(third, 10)).rejects.toThrow(FileFault);
    resolve('at last');
    await eventually(
      async () =>
        readPlainFile(third, 10).then(
          (text) => String(text) === '3',
          () => false,
        ),
      'the places are free again',
    );
    await expect(readPlainFile(first, 10)).resolves.toEqual(Buffer.from('1'));
  });
});
