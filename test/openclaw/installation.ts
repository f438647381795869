import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The version that the suite was written against, and that the recorded exchanges are of. */
export const openclawVersion = '2026.9.6';

/** Where it is kept between runs, about 750 MB: outside of the repository, never cleaned up by itself. */
const folder = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'tocsin-openclaw',
  openclawVersion,
);

/** The program, to be run with Node 24. */
export const openclawProgram = join(folder, 'node_modules', 'openclaw', 'openclaw.mjs');

/** Installs OpenClaw with npm unless it is there; none of its install scripts is run. Says why it cannot. */
export function installOpenclaw(): string | undefined {
  if (existsSync(openclawProgram)) return undefined;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, error } = spawnSync('npm', ['install', ...flags, `openclaw@${openclawVersion}`], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (error !== undefined) return `npm could not be started: ${error.message}`;
  return status === 0 ? undefined : `npm could not install openclaw@${openclawVersion} (see above)`;
}
