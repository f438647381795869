/*
 * Brings a real OpenClaw gateway into every state that can be brought about, and shows what the agent makes of
 * it. Needs root (for a network of its own, with nothing but `lo`), npm, and 850 MB on the first run.
 *
 *   npm run test:openclaw                    all states, more than an hour
 *   npm run test:openclaw -- --quick         a few, about 12 minutes
 *   npm run test:openclaw -- hung "cron off" these
 *   npm run test:openclaw -- --write         keeps the rows in docs/openclaw-states.md
 *   npm run test:openclaw -- --record        records what the gateway answers, for the everyday tests
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { executable } from '../support/tocsin.ts';
import { installOpenclaw } from './installation.ts';
import { wishesVariable, type Wishes } from './wishes.ts';

const root = join(import.meta.dirname, '..', '..');
const words = process.argv.slice(2);
const has = (flag: string): boolean => words.includes(flag);
const wishes: Wishes = {
  states: words.filter((word) => !word.startsWith('--')),
  isQuick: has('--quick'),
  isWriting: has('--write'),
  isRecording: has('--record'),
};

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Why the suite cannot run here; undefined if it can. */
function whyNot(): string | undefined {
  const unknown = words.find(
    (word) => word.startsWith('--') && !['--quick', '--write', '--record'].includes(word),
  );
  if (unknown !== undefined) return `there is no ${unknown}; there are --quick, --write, --record`;
  if (process.getuid?.() !== 0) return 'only root may make a network of its own';
  if (spawnSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up']).status !== 0)
    return 'networks of their own are not allowed here, or unshare or ip (iproute2) is missing';
  if (!existsSync(executable)) return `${executable} is missing: run "npm run build"`;
  return installOpenclaw();
}

/** Runs vitest in a network and a process tree of its own: what it started ends with it. */
function runStates(): number {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const line = [process.execPath, vitest, 'run', '--config', 'test/openclaw/vitest.config.ts'];
  const namespaces = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const shell = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...line];
  const { status } = spawnSync('unshare', [...namespaces, ...shell], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, [wishesVariable]: JSON.stringify(wishes) },
  });
  return status ?? 1;
}

const reason = whyNot();
if (reason === undefined) process.exitCode = runStates();
else {
  tell(`tocsin: the suite with a real OpenClaw is not run: ${reason}`);
  process.exitCode = 1;
}
