/*
 * Mutation testing of what judges and routes: changes the code of `src/alerts` and `src/routing` in many small
 * ways, one at a time, and names the changes that no test noticed.
 *
 *   npm run mutate                             both folders, with their own tests
 *   npm run mutate -- src/alerts/debounce.ts   these files only
 *
 * Stryker and what it needs are no part of the project: they are installed into a copy of the tree, which is
 * removed in the end. The report stays in dist/mutation.json.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const stryker = ['@stryker-mutator/core@10.1.1', '@stryker-mutator/vitest-runner@10.1.1'];
const asked = process.argv.slice(2);
const mutated = asked.length > 0 ? asked : ['src/alerts/**/*.ts', 'src/routing/**/*.ts'];

const settings = {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  mutate: mutated,
  // TypeScript 7 has no interface for JavaScript that Stryker could read the real one with.
  tsconfigFile: 'no-tsconfig.json',
  disableTypeChecks: true,
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 20_000,
  reporters: ['clear-text', 'json'],
  jsonReporter: { fileName: 'mutation.json' },
  vitest: { configFile: 'vitest.mutate.config.ts' },
};

const vitestConfig = `export default {
  test: { include: ['test/alerts/**/*.test.ts', 'test/routing/**/*.test.ts'] },
};
`;

function mutate(directory: string): number {
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
  for (const file of files.split('\0').filter((name) => name !== '')) {
    mkdirSync(join(directory, file, '..'), { recursive: true });
    copyFileSync(join(root, file), join(directory, file));
  }
  cpSync(realpathSync(join(root, 'node_modules')), join(directory, 'node_modules'), {
    recursive: true,
  });
  writeFileSync(join(directory, 'stryker.config.json'), JSON.stringify(settings));
  writeFileSync(join(directory, 'vitest.mutate.config.ts'), vitestConfig);
  const here = { cwd: directory, stdio: 'inherit' as const };
  const installed = spawnSync('npm', ['install', '--no-save', '--no-audit', ...stryker], here);
  if (installed.status !== 0) return 1;
  const program = join('node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
  const run = spawnSync(process.execPath, [program, 'run'], here);
  if (run.status !== 0) return 1;
  mkdirSync(join(root, 'dist'), { recursive: true });
  copyFileSync(join(directory, 'mutation.json'), join(root, 'dist', 'mutation.json'));
  return 0;
}

const directory = mkdtempSync(join(tmpdir(), 'tocsin-mutate-'));
try {
  process.exitCode = mutate(directory);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
