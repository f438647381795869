import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runTocsin } from '../../../support/tocsin.ts';
import { oracleProgram } from './oracle.ts';

/** A module that must be refused at load, or accepted. */
export interface ModuleCase {
  /** Begins with the id of the line. */
  readonly title: string;
  /** The module as it stands in `blackbox.yml`. */
  readonly module: object;
  /** The key that the problem is at, and what it says; absent if the module is fine. */
  readonly problem?: readonly [path: string, message: RegExp];
  /** Why blackbox_exporter 0.23.0 is not asked: it lacks the feature, or has a defect. */
  readonly beyond?: string;
}

interface Problem {
  readonly file: string;
  readonly line: number;
  readonly path: string;
  readonly message: string;
}

/**
 * Makes a test of each module. tocsin names all problems of a file at once, so that one run of `validate`
 * judges all modules; blackbox_exporter stops at the first problem and gets a file for each.
 */
export function judgeModules(topics: Readonly<Record<string, readonly ModuleCase[]>>): void {
  const cases = Object.values(topics).flat();
  const named = cases.map((one, index) => ({ name: `module_${index}`, one }));
  let directory = '';
  let problems: readonly Problem[] = [];
  let exitCode: number | null = null;
  let text = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tocsin-modules-'));
    text = stringify({
      modules: Object.fromEntries(named.map(({ name, one }) => [name, one.module])),
    });
    await writeFile(join(directory, 'blackbox.yml'), text);
    const config = join(directory, 'agent.config.yaml');
    await writeFile(config, 'modules_file: blackbox.yml\n');
    const output = await runTocsin(['validate', '--json', '-c', config], { cwd: directory });
    exitCode = output.code;
    const { problems: lines } = JSON.parse(output.stdout) as { problems: readonly string[] };
    problems = lines.map(problemOf);
  });
  afterAll(async () => rm(directory, { recursive: true, force: true }));
  describe.each(Object.entries(topics))('%s', (_topic, ofTopic) => {
    for (const one of ofTopic) {
      const name = `module_${cases.indexOf(one)}`;
      test(one.title, async () => {
        const found = problems.filter(
          ({ path }) => path.startsWith(`modules.${name}.`) || path === `modules.${name}`,
        );
        expectProblem(one, name, found, linesOf(text, name));
        expect(exitCode).toBe(cases.some(({ problem }) => problem !== undefined) ? 78 : 0);
        if (one.beyond !== undefined || !existsSync(oracleProgram)) return;
        const file = join(directory, `${name}.yml`);
        await writeFile(file, stringify({ modules: { [name]: one.module } }));
        const { status } = spawnSync(oracleProgram, ['--config.check', `--config.file=${file}`]);
        expect(status).toBe(one.problem === undefined ? 0 : 1);
      });
    }
  });
}

/** Reads `file:line:column: path: message`. */
function problemOf(text: string): Problem {
  const match = /^(.+?):(\d+):\d+: (?:(modules\.\S+): )?(.*)$/.exec(text);
  const [, file = '', line = '', path = '', message = text] = match ?? [];
  return { file, line: Number(line), path, message };
}

function expectProblem(
  { problem }: ModuleCase,
  name: string,
  found: readonly Problem[],
  [first, last]: readonly [number, number],
): void {
  if (problem === undefined) {
    expect(found).toEqual([]);
    return;
  }
  const [path, message] = problem;
  const whole = path === '' ? `modules.${name}` : `modules.${name}.${path}`;
  const match = found.find((one) => one.path === whole && message.test(one.message));
  expect(match, JSON.stringify(found, undefined, 2)).toBeDefined();
  expect(match?.file).toMatch(/\/blackbox\.yml$/);
  expect(match?.line).toBeGreaterThanOrEqual(first);
  expect(match?.line).toBeLessThanOrEqual(last);
}

/** The first and the last line of a module, counted from one. */
function linesOf(text: string, name: string): readonly [number, number] {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line === `  ${name}:`);
  const length = lines.slice(first + 1).findIndex((line) => /^ {2}\S|^$/.test(line));
  return [first + 1, first + 1 + length];
}
