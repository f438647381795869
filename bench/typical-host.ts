import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parse } from 'yaml';
import { bootGuest, type Guest } from '../test/support/guest/guest.ts';
import { executable } from './agent.ts';
import { tell } from './tell.ts';

/*
 * A Debian with systemd that serves something, in a guest of its own: what `tocsin init` writes for it is run there
 * beside an agent without checks, beside the exporters of Prometheus and beside Monit, all in the same minutes.
 */

/** What a small server on the web runs, and those that watch it. */
const packages = ['nginx-light', 'redis-server', 'postgresql', 'openssh-server', 'cron'];
const peers = ['prometheus-node-exporter', 'prometheus-blackbox-exporter', 'monit'];

/** How often everybody looks: the default of tocsin. */
const intervalSeconds = 30;

/** What one unit of the guest cost. */
export interface UnitCost {
  readonly name: string;
  /** Of one core, 0 to 1, programs that it started included. */
  readonly share: number;
  /** Mebibytes. */
  readonly resident: number;
  readonly anonymous: number;
}

export interface HostResults {
  readonly seconds: number;
  readonly checks: readonly string[];
  /** Checks that were not well, which cost other than those that are. */
  readonly unwell: readonly string[];
  readonly units: Readonly<Record<'init' | 'empty' | 'node' | 'blackbox' | 'monit', UnitCost>>;
  /** PID 1 of the guest and its message bus, who are asked by checks. */
  readonly system: readonly UnitCost[];
}

const unitNames = {
  init: 'bench-init.service',
  empty: 'bench-empty.service',
  node: 'prometheus-node-exporter.service',
  blackbox: 'prometheus-blackbox-exporter.service',
  monit: 'monit.service',
} as const;

/** Boots the host and measures it for so long. All is gone when it resolves. */
export async function measureHost(
  directory: string,
  { warmUpSeconds, seconds }: { readonly warmUpSeconds: number; readonly seconds: number },
): Promise<HostResults> {
  const program = join(directory, 'tocsin');
  copyFileSync(executable, program);
  await using guest = await bootGuest({
    packages: [...packages, ...peers],
    bind: { '/usr/local/bin/tocsin': program },
    files: { '/etc/monit/conf.d/bench': monitConfig, '/root/empty.yaml': emptyConfig },
    hostname: 'bench',
  });
  const found = await prepare(guest);
  await guest.shell(
    `sed -i 's/^ *set daemon .*/set daemon ${intervalSeconds}/' /etc/monit/monitrc`,
  );
  await guest.shell(`systemctl start ${peers.join(' ')}`);
  for (const [name, words] of [
    ['bench-init', 'run -c /etc/tocsin/agent.config.yaml'],
    ['bench-empty', 'run -c /root/empty.yaml'],
  ]) {
    await guest.shell(`systemd-run --quiet --unit=${name} /usr/local/bin/tocsin ${words}`);
  }
  const scraper = startScraper(guest, found.targets);
  tell(
    `a host with ${found.checks.length} checks: ${warmUpSeconds} s of warming up, then ${seconds} s`,
  );
  await wait(warmUpSeconds * 1000);
  const before = await reading(guest);
  await wait(seconds * 1000);
  const after = await reading(guest);
  scraper.stdin.end();
  const unwell = await guest.shell('tocsin status -c /etc/tocsin/agent.config.yaml --json || true');
  const cost = (name: string): UnitCost => {
    const [one, other] = [before.get(name), after.get(name)];
    const share = ((other?.cpuNs ?? 0) - (one?.cpuNs ?? 0)) / 1e9 / seconds;
    return { name, share, resident: other?.resident ?? 0, anonymous: other?.anonymous ?? 0 };
  };
  return {
    seconds,
    checks: found.checks,
    unwell: unwellIn(unwell),
    units: {
      init: cost(unitNames.init),
      empty: cost(unitNames.empty),
      node: cost(unitNames.node),
      blackbox: cost(unitNames.blackbox),
      monit: cost(unitNames.monit),
    },
    system: ['init.scope', 'dbus.service', 'systemd-journald.service'].map(cost),
  };
}

/** Has the configuration written for what runs there, without those that are measured beside. */
async function prepare(guest: Guest) {
  await guest.shell(`systemctl stop ${peers.join(' ')}; systemctl start ssh cron || true`);
  await guest.shell('systemctl is-active nginx redis-server postgresql ssh cron');
  await guest.shell('mkdir -p /etc/tocsin && cd /etc/tocsin && tocsin init');
  const text = await guest.read('/etc/tocsin/agent.config.yaml');
  const { checks } = parse(text) as {
    checks: readonly { name: string; type: string; target?: string }[];
  };
  const targets = checks.flatMap(({ type, target }) => {
    if (target === undefined) return [];
    if (type === 'http') return [`module=http_2xx&target=${encodeURIComponent(target)}`];
    const isPlace = /^[\d.:[\]a-f]+:\d+$/.test(target);
    return isPlace ? [`module=tcp_connect&target=${encodeURIComponent(target)}`] : [];
  });
  return { checks: checks.map(({ name, type }) => `${name} (${type})`), targets };
}

/** Asks the exporters from outside, in the network of the guest, at no cost to anybody inside. */
function startScraper({ network }: Guest, targets: readonly string[]) {
  const urls = [
    'http://127.0.0.1:9100/metrics',
    ...targets.map((query) => `http://127.0.0.1:9115/probe?${query}`),
  ];
  const script = join(import.meta.dirname, 'scrape-peers.ts');
  const words = [`--net=${network}`, process.execPath, script, String(intervalSeconds), ...urls];
  const child = spawn('nsenter', words, { stdio: ['pipe', 'pipe', 'inherit'] });
  void once(child.stdout, 'data').then(([count]) => {
    const failed = Number(String(count));
    if (failed > 0) tell(`${failed} scrapes of the exporters did not end well`);
  });
  return child;
}

interface Reading {
  readonly cpuNs: number;
  readonly resident: number;
  readonly anonymous: number;
}

/** What all units have used so far, and the memory of their main process. */
async function reading(guest: Guest): Promise<ReadonlyMap<string, Reading>> {
  const names = [
    ...Object.values(unitNames),
    'init.scope',
    'dbus.service',
    'systemd-journald.service',
  ];
  const line = `for u in ${names.join(' ')}; do
    pid=$(systemctl show -p MainPID --value $u); [ "$u" = init.scope ] && pid=1; [ "$u" = monit.service ] && pid=$(pidof monit)
    echo "$u $(systemctl show -p CPUUsageNSec --value $u) $(awk '/^Rss:/{r=$2}/^Anonymous:/{a=$2}END{print r+0,a+0}' /proc/$pid/smaps_rollup)"
  done`;
  const text = await guest.shell(line);
  return new Map(
    text.split('\n').map((row) => {
      const [name = '', cpu, resident, anonymous] = row.split(' ');
      const mebibytes = (kilobytes: string | undefined): number => Number(kilobytes) / 1024;
      return [
        name,
        { cpuNs: Number(cpu), resident: mebibytes(resident), anonymous: mebibytes(anonymous) },
      ];
    }),
  );
}

function unwellIn(json: string): readonly string[] {
  try {
    const { checks = [] } = JSON.parse(json) as {
      checks?: readonly { name: string; latest?: { status: string; summary: string } | null }[];
    };
    return checks
      .filter(({ latest }) => latest !== null && latest !== undefined && latest.status !== 'ok')
      .map(({ name, latest }) => `${name}: ${latest?.summary ?? ''}`);
  } catch {
    return ['the agent did not tell'];
  }
}

const emptyConfig = `
agent: { name: empty, data_dir: /root/empty }
server: { listen: "127.0.0.1:9861" }
checks: []
`;

/** The same things as far as Monit knows them. */
const monitConfig = `
check system bench
  if loadavg (5min) per core > 2 then alert
  if memory usage > 90% then alert
  if cpu usage > 90% then alert
check filesystem root with path /
  if space usage > 85% then alert
  if inode usage > 90% then alert
check process nginx with pidfile /run/nginx.pid
check process redis with pidfile /run/redis/redis-server.pid
check process sshd with pidfile /run/sshd.pid
check process cron with pidfile /run/crond.pid
check host web with address 127.0.0.1
  if failed port 80 protocol http then alert
check host cache with address 127.0.0.1
  if failed port 6379 protocol redis then alert
check host database with address 127.0.0.1
  if failed port 5432 protocol pgsql then alert
check host shell with address 127.0.0.1
  if failed port 22 protocol ssh then alert
`;
