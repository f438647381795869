/*
 * Everything that must pass, in the order in which it fails fastest. `--static` stops after the checks that
 * run nothing. What is missing on the machine is installed when root, and named when not.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const bin = (name: string): string => join(root, 'node_modules', '.bin', name);

/** Programs the suites use, the Debian package each comes from, and what is skipped without it. */
const programs = [
  ['/usr/bin/prometheus', 'prometheus', 'the scrape by a real Prometheus, promtool check metrics'],
  ['/usr/bin/prometheus-blackbox-exporter', 'prometheus-blackbox-exporter', 'bench'],
  ['/usr/bin/prometheus-alertmanager', 'prometheus-alertmanager', 'bench'],
  ['/usr/bin/openssl', 'openssl', 'every test with TLS'],
  ['/usr/bin/shellcheck', 'shellcheck', 'the shell scripts'],
  ['/usr/bin/ping', 'iputils-ping', 'icmp'],
  ['/usr/bin/python3', 'python3-minimal', 'hung mounts'],
  ['/usr/sbin/mkfs.ext4', 'e2fsprogs', 'full disks'],
  ['/usr/bin/strip', 'binutils', 'nothing, but the executable stays larger'],
] as const;

installPrograms();

const steps: readonly (readonly [name: string, command: string, args: readonly string[]])[] = [
  ['types', bin('tsc'), ['-p', root]],
  ['lint', bin('oxlint'), ['--type-aware', '--deny-warnings']],
  ['format', bin('oxfmt'), ['--check', '.']],
  ['dead code', bin('knip'), []],
  ['shell', 'shellcheck', ['.ci/run']],
];

const suites: typeof steps = [
  ['build', process.execPath, ['scripts/build.ts']],
  ['tests', bin('vitest'), ['run']],
];

for (const [name, command, args] of process.argv.includes('--static')
  ? steps
  : [...steps, ...suites]) {
  if (command.startsWith('/') || existsSync(`/usr/bin/${command}`)) step(name, command, args);
  else console.error(`-- ${name}: skipped, ${command} is not installed`);
}

function step(name: string, command: string, args: readonly string[]): void {
  console.error(`-- ${name}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status === 0) return;
  console.error(`-- ${name} failed`);
  process.exitCode = 1;
  process.exit();
}

function installPrograms(): void {
  const missing = programs.filter(([path]) => !existsSync(path));
  if (missing.length === 0) return;
  const names = missing.map(([, name]) => name);
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.error(`-- installing ${names.join(' ')}`);
    const quiet = { stdio: ['ignore' as const, 'ignore' as const, 'inherit' as const] };
    spawnSync('apt-get', ['update', '-qq'], quiet);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const args = ['install', '-y', '-qq', '--no-install-recommends', ...names];
    spawnSync('apt-get', args, { ...quiet, env });
  }
  for (const [path, name, skipped] of missing) {
    if (!existsSync(path)) console.error(`-- without ${name} these are skipped: ${skipped}`);
  }
}
