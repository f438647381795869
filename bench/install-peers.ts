import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Guest } from '../test/support/guest/guest.ts';
import { debianMirror, keptTree } from '../test/support/guest/tree.ts';

/** What a host gets from Debian that is to be watched, with somebody who tells people. */
const names = ['prometheus-blackbox-exporter', 'prometheus-alertmanager', 'monit'];

export interface Packages {
  readonly folder: string;
  readonly bytes: number;
  readonly files: readonly string[];
}

/**
 * Loads the peers and all that they need beyond a guest with these packages, as apt would for that guest; nothing
 * is installed here. Throws when that cannot be had.
 */
export async function fetchPeers(directory: string, present: readonly string[]): Promise<Packages> {
  const tree = await keptTree({ packages: present });
  const folder = join(directory, 'cache', 'archives');
  const lists = join(directory, 'state', 'lists', 'partial');
  for (const made of [join(folder, 'partial'), lists]) mkdirSync(made, { recursive: true });
  const sources = join(directory, 'sources.list');
  writeFileSync(sources, `deb ${debianMirror() ?? ''} bookworm main\n`);
  const settings = {
    'Dir::State': join(directory, 'state'),
    'Dir::State::status': join(tree, 'var', 'lib', 'dpkg', 'status'),
    'Dir::Cache': join(directory, 'cache'),
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '-',
    'APT::Sandbox::User': 'root',
    'APT::Install-Recommends': 'false',
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const apt = (...words: readonly string[]): void => {
    execFileSync('apt-get', [...options, '-qq', ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  apt('update');
  apt('install', '--yes', '--download-only', ...names);
  const files = readdirSync(folder).filter((name) => name.endsWith('.deb'));
  const sizes = files.map((name) => statSync(join(folder, name)).size);
  return { folder, files, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

const answering = [
  'curl -fsS -o /dev/null http://127.0.0.1:9115/metrics',
  'curl -fsS -o /dev/null http://127.0.0.1:9093/metrics',
  'monit summary >/dev/null',
];

/** Where a guest sees the packages. */
export const packagesInside = '/srv/packages';

/** Installs the peers in a guest, waits until each of them answers, and removes them again; gives the seconds. */
export async function installPeers(guest: Guest): Promise<number> {
  await guest.write(
    '/etc/monit/conf.d/bench',
    'set httpd unixsocket /run/monit.socket allow bench:bench\n',
  );
  // In a guest it finds no address of a network for a cluster, and would end.
  await guest.write('/etc/default/prometheus-alertmanager', 'ARGS="--cluster.listen-address="\n');
  const until = answering.map((line) => `until ${line} 2>&1; do sleep 0.05; done`).join('\n');
  const line = `begin=$(date +%s.%N)
    DEBIAN_FRONTEND=noninteractive dpkg --force-confold -i ${packagesInside}/*.deb >/root/dpkg.log 2>&1 || { cat /root/dpkg.log >&2; exit 1; }
    { ${until}
    } >/dev/null
    end=$(date +%s.%N)
    echo "$begin $end"`;
  const { code, stdout, stderr } = await guest.run(['sh', '-c', line], { timeoutMs: 180_000 });
  const [begin, end] = stdout.trim().split(' ').map(Number);
  if (code !== 0 || begin === undefined || end === undefined) {
    throw new Error(`the peers were not installed: ${stderr}`);
  }
  return end - begin;
}

/** What their packages and all that came with them take on the disk, in bytes; removes them. */
export async function removePeers(guest: Guest): Promise<number> {
  const all = `$(for each in ${packagesInside}/*.deb; do dpkg-deb -f "$each" Package; done)`;
  const size = await guest.shell(
    `dpkg -L ${all} | sort -u | while read -r path; do
       if [ -f "$path" ] && [ ! -L "$path" ]; then stat -c %s "$path"; fi
     done | awk '{ sum += $1 } END { printf "%d", sum }'`,
  );
  const { code, stderr } = await guest.run(['sh', '-c', `dpkg --purge ${all}`], {
    timeoutMs: 120_000,
  });
  if (code !== 0) throw new Error(`the peers were not removed: ${stderr}`);
  await guest.shell(
    'rm -rf /etc/monit /etc/default/prometheus-alertmanager /var/lib/prometheus /var/lib/monit',
  );
  return Number(size);
}
