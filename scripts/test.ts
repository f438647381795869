/*
 * Everything that must pass, in the order in which it fails fastest. `--static` stops after the checks that
 * run nothing. What is missing on the machine is installed when root, and named when not.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const bin = (name: string): string => join(root, 'node_modules', '.bin', name);

/** Where the suites leave their counts. */
const report = join(root, 'dist', 'test-report.json');

/** Programs the suites use, the Debian package each comes from, and what is skipped without it. */
const programs = [
  [
    '/usr/bin/prometheus',
    'prometheus',
    'the scrape and the alerts of a real Prometheus, promtool check metrics',
  ],
  [
    '/usr/bin/prometheus-blackbox-exporter',
    'prometheus-blackbox-exporter',
    'the comparison, bench',
  ],
  [
    '/usr/bin/prometheus-alertmanager',
    'prometheus-alertmanager',
    'the comparison of routing and API, amtool, bench',
  ],
  ['/usr/bin/openssl', 'openssl', 'every test with TLS'],
  ['/usr/bin/shellcheck', 'shellcheck', 'the shell scripts'],
  ['/usr/bin/ping', 'iputils-ping', 'icmp'],
  ['/usr/bin/python3', 'python3-minimal', 'hung mounts, what a service manager is told'],
  ['/usr/bin/systemd-notify', 'systemd', 'services under `tocsin watchdog`'],
  ['/usr/bin/redis-server', 'redis-server', 'redis'],
  ['/usr/lib/postgresql', 'postgresql', 'postgres'],
  // Another mail server would be removed for it.
  ['/usr/sbin/sendmail', 'postfix', 'a real mail server'],
  ['/usr/sbin/saslpasswd2', 'sasl2-bin', 'logins at a real mail server'],
  ['/usr/share/doc/libsasl2-modules', 'libsasl2-modules', 'logins at a real mail server'],
  ['/usr/sbin/nginx', 'nginx-light', 'nginx'],
  ['/usr/bin/caddy', 'caddy', 'caddy'],
  ['/usr/sbin/haproxy', 'haproxy', 'HAProxy in front of gateways'],
  ['/usr/sbin/dockerd', 'docker.io', 'containers of a real Docker'],
  ['/usr/bin/systemd-nspawn', 'systemd-container', 'guests: a real systemd as PID 1'],
  ['/usr/bin/mmdebstrap', 'mmdebstrap', 'guests: their root file system'],
  ['/usr/bin/docker-compose', 'docker-compose', 'the compose files'],
  ['/usr/bin/curl', 'curl', 'the health check of a gateway in a container'],
  ['/usr/bin/qemu-system-x86_64', 'qemu-system-x86', 'virtual machines: a kernel of their own'],
  ['/usr/bin/qemu-img', 'qemu-utils', 'virtual machines: their disks'],
  ['/usr/bin/podman', 'podman', 'containers of a real Podman'],
  ['/usr/libexec/podman/catatonit', 'catatonit', 'pods of a real Podman'],
  ['/usr/bin/kubectl', 'kubernetes-client', 'the fields of the DaemonSet'],
  ['/usr/sbin/runc', 'runc', 'containers of a real Podman'],
  ['/usr/bin/script', 'bsdutils', 'questions on a terminal'],
  ['/bin/busybox', 'busybox-static', 'containers of a real Docker, install.sh under its shell'],
  ['/usr/bin/bats', 'bats', 'the functions of install.sh'],
  ['/usr/sbin/mkfs.ext4', 'e2fsprogs', 'full disks'],
  ['/usr/lib/nagios/plugins/check_dummy', 'monitoring-plugins-basic', 'official plugins'],
  ['/usr/bin/zsh', 'zsh', 'completions'],
  ['/usr/bin/fish', 'fish', 'completions'],
  ['/usr/bin/mandoc', 'mandoc', 'the manual pages'],
  ['/usr/bin/lintian', 'lintian', 'what Debian asks of packages'],
  ['/usr/bin/xz', 'xz-utils', 'the release'],
  ['/usr/bin/qemu-aarch64-static', 'qemu-user-static', 'the executable for arm64'],
  [
    '/usr/aarch64-linux-gnu/lib/libstdc++.so.6',
    'libstdc++6-arm64-cross',
    'the executable for arm64',
  ],
] as const;

installPrograms();
rmSync(report, { force: true });

const maintainerScripts = ['preinst', 'postinst', 'prerm', 'postrm'].map(
  (name) => `deploy/debian/${name}`,
);

const steps: readonly (readonly [name: string, command: string, args: readonly string[]])[] = [
  ['types', bin('tsc'), ['-p', root]],
  ['lint', bin('oxlint'), ['--type-aware', '--deny-warnings']],
  ['format', bin('oxfmt'), ['--check', '.']],
  ['dead code', bin('knip'), []],
  [
    'shell',
    'shellcheck',
    ['.ci/run', 'install.sh', 'deploy/sysvinit/tocsin', ...maintainerScripts],
  ],
  ['functions of install.sh', 'bats', ['test/install/functions.bats']],
];

const suites: typeof steps = [
  ['build', process.execPath, ['scripts/build.ts']],
  [
    'tests',
    bin('vitest'),
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  ],
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
  tellCounts();
  if (status === 0) return;
  console.error(`-- ${name} failed`);
  process.exit(1);
}

/** The last line of a whole run, for people and programs alike. */
function tellCounts(): void {
  if (!existsSync(report)) return;
  const counts = JSON.parse(readFileSync(report, 'utf8')) as Record<string, number>;
  const skipped = (counts['numPendingTests'] ?? 0) + (counts['numTodoTests'] ?? 0);
  console.log(
    `${counts['numPassedTests']} passed, ${counts['numFailedTests']} failed, ${skipped} skipped`,
  );
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
