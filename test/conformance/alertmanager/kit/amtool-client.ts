import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

const program = '/usr/bin/amtool';

export interface AmtoolOutput {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs amtool against a server; `input` is what it reads. */
export async function askAmtool(
  url: string,
  args: readonly string[],
  input = '',
): Promise<AmtoolOutput> {
  const child = spawn(program, [`--alertmanager.url=${url}`, '--no-version-check', ...args], {
    env: { HOME: '/nonexistent', TZ: 'UTC', USER: 'tester', PATH: process.env['PATH'] ?? '' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = once(child, 'close') as Promise<[number | null]>;
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    exited,
  ]);
  return { code, stdout, stderr };
}

const patterns: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<id>'],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| UTC)/g, '<date>'],
  [/http:\/\/127\.0\.0\.1:\d+/g, '<url>'],
];

/** What amtool wrote, with everything in its place that differs from run to run. */
export function normalised({ code, stdout, stderr }: AmtoolOutput): string {
  const written = `${stdout}${stderr}(${code})`;
  return patterns.reduce((result, [pattern, mark]) => result.replaceAll(pattern, mark), written);
}
