import { spawn } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './release.ts';

/**
 * A `tocsin` for a shell: completions come from the source, every other call prints its words between angle
 * brackets and does nothing.
 */
export function installEcho(folder: string): void {
  const program = join(folder, 'tocsin');
  writeFileSync(
    program,
    `#!/bin/sh
if [ "$1" = completions ]; then exec '${process.execPath}' '${join(root, 'bin', 'tocsin.ts')}' "$@"; fi
printf 'called'; printf '<%s>' "$@"; echo
`,
  );
  chmodSync(program, 0o755);
}

/**
 * Types into an interactive shell at a terminal and gives the words with which `tocsin` was called.
 *
 * @param setUp lines that the shell reads first
 * @param typed with `\t` where somebody asks for a completion
 */
export async function callByTyping(
  shell: string,
  setUp: readonly string[],
  typed: string,
  { cwd, path }: { readonly cwd: string; readonly path: string },
): Promise<string> {
  const child = spawn('script', ['-qec', shell, '/dev/null'], {
    cwd,
    env: { PATH: `${path}:${process.env['PATH']}`, TERM: 'dumb', HOME: cwd, LC_ALL: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let seen = '';
  const called = new Promise<string>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      // The echo of what was typed and the words stand on lines of their own.
      const [, words] = /^called(.*)\r?$/m.exec(seen) ?? [];
      if (words !== undefined && seen.includes('over\r\n')) resolve(words.trim());
    });
    child.on('close', () => resolve(`nothing: ${seen}`));
  });
  child.stdin.write(`${setUp.join('\n')}\n`);
  child.stdin.write(`${typed}\necho o''ver\n`);
  const words = await called;
  child.stdin.end('\u0004exit\n');
  child.kill('SIGHUP');
  return words;
}
