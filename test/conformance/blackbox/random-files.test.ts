import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tables } from '../../../src/app/load.ts';
import { formatProblem, loadConfig } from '../../../src/config/load.ts';
import { randomModules } from '../../support/random-modules.ts';
import { seeds } from './random-contest.ts';

const program = '/usr/bin/prometheus-blackbox-exporter';

/** Where tocsin takes another file than blackbox_exporter 0.23.0 does, and why. */
const known: readonly (readonly [change: RegExp, reason: string])[] = [
  [/\bbody_file\b/, 'an option of later releases'],
  [/\bprober = |without prober\b/, 'later releases refuse a prober that there is not as well'],
  [/\bbody_size_limit = "?-?\d+(?:\.\d+)?"?(?:,|$)/, 'a size without a unit counts bytes'],
  [/\b(?:cert|key)_file\b/, 'later releases refuse half a client certificate as well'],
  [/\bproxy_url = /, 'what can be no proxy is refused at load, not at each probe'],
];

const abreast = 4;

async function isTakenThere(file: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(program, ['--config.check', `--config.file=${file}`], (error) =>
      resolve(error === null),
    );
  });
}

/** What is wrong with a file for tocsin. */
async function problemsHere(directory: string, file: string): Promise<readonly string[]> {
  const main = `${file}.agent.yaml`;
  await writeFile(main, JSON.stringify({ modules_file: file }));
  const options = { cwd: directory, searchDirectories: [directory], environment: {} };
  const loaded = await loadConfig({ ...options, file: main, hostname: 'host-1', tables });
  return loaded.ok ? [] : loaded.problems.map((problem) => formatProblem(problem));
}

test('both programs take the same files of modules', async (context) => {
  context.skip(!existsSync(program), `${program} is not installed`);
  const directory = await mkdtemp(join(tmpdir(), 'tocsin-files-'));
  const waiting = seeds(120).map((seed) => ({ seed, ...randomModules(seed) }));
  const odd: string[] = [];
  let taken = 0;
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { seed, text, change } = next;
      const file = join(directory, `${seed}.yml`);
      await writeFile(file, text);
      const isTaken = await isTakenThere(file);
      const problems = await problemsHere(directory, file);
      if (isTaken) taken += 1;
      if (isTaken === (problems.length === 0)) continue;
      if (known.some(([pattern]) => pattern.test(change))) continue;
      const verdict = isTaken
        ? `only tocsin refuses it: ${problems.join('; ')}`
        : 'only tocsin takes it';
      odd.push(`TOCSIN_SEED=${seed} ${change}: ${verdict}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: abreast }, work));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  expect(odd).toEqual([]);
  if (process.env['TOCSIN_SEED'] === undefined) expect(taken).toBeGreaterThan(5);
}, 900_000);
