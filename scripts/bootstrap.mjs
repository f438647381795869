// Runs on whatever Node a machine has: installs the dependencies if they are missing or out of date, then
// hands over to the Node that comes with them.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
const stamp = join(root, 'node_modules', '.tocsin-installed');
const architecture = { x64: 'x64', arm64: 'arm64' }[process.arch];

if (process.platform !== 'linux' || architecture === undefined) {
  fail(`tocsin runs on Linux on x64 and arm64; this is ${process.platform} on ${process.arch}`);
}

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  console.error('tocsin: installing dependencies (once)');
  // Not `npm ci`: it insists on optional packages for platforms that a registry need not have.
  const npm = spawnSync(
    'npm',
    ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  if (npm.status !== 0) fail('npm install failed, see above');
  writeFileSync(stamp, lock);
}

const node = join(root, 'node_modules', `node-linux-${architecture}`, 'bin', 'node');
if (!existsSync(node)) fail(`${node} is missing; run npm install --include=optional`);

const scripts = join(root, 'node_modules', '.bin');
const child = spawn(node, process.argv.slice(2), {
  cwd: process.env.INIT_CWD ?? root,
  stdio: 'inherit',
  env: { ...process.env, PATH: `${dirname(node)}:${scripts}:${process.env.PATH}` },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
});

function fail(message) {
  console.error(`tocsin: ${message}`);
  process.exit(1);
}
