import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What a guest may have as its PID 1. */
export type Init = 'systemd' | 'openrc' | 'sysvinit';

const anyway = ['ca-certificates', 'curl', 'iproute2', 'procps'];

/** In every guest. */
const always: Record<Init, readonly string[]> = {
  // chrony is not started where the clock may not be set, as in every guest; one tree less to build.
  systemd: ['systemd', 'systemd-sysv', 'dbus', 'libpam-systemd', 'chrony', ...anyway],
  openrc: ['sysvinit-core', 'openrc', 'logrotate', ...anyway],
  sysvinit: ['sysvinit-core', 'logrotate', ...anyway],
};

/** Raised when the script changes, so that kept trees are built anew. */
const recipe = 1;

/**
 * `$0` is the tree, `$1` where it grows, `$2` the mirror, and the rest options. Without `/etc/hosts` nothing finds
 * `localhost`; the identity of a machine must not be the same in every guest.
 */
const script = `
  set -e
  if test -d "$0"; then exit 0; fi
  rm -rf "$1"
  tree=$0; partial=$1; mirror=$2; shift 2
  mmdebstrap --variant=minbase "$@" bookworm "$partial" "$mirror"
  printf '127.0.0.1 localhost\n::1 localhost\n' > "$partial/etc/hosts"
  rm -f "$partial/etc/machine-id" "$partial/var/lib/dbus/machine-id" "$partial/etc/hostname" "$partial/etc/resolv.conf"
  rm -rf "$partial/usr/share/doc" "$partial/usr/share/man" "$partial/usr/share/locale"
  mv "$partial" "$tree"
`;

/**
 * The folder with a Debian 12 that has these packages beside the usual ones. Built once, in about half a
 * minute, and kept in `$TOCSIN_GUEST_CACHE` or `~/.cache/tocsin-guests`; whoever comes while another builds it waits.
 * Nobody may write into it.
 */
export async function keptTree(
  packages: readonly string[],
  init: Init = 'systemd',
): Promise<string> {
  const cache = process.env['TOCSIN_GUEST_CACHE'] ?? join(homedir(), '.cache', 'tocsin-guests');
  const names = [...new Set([...always[init], ...packages])].toSorted().join(',');
  const name = createHash('sha256').update(`${recipe} ${names}`).digest('hex').slice(0, 12);
  const tree = join(cache, `debian-12-${name}`);
  if (existsSync(tree)) return tree;
  const mirror = debianMirror();
  if (mirror === undefined) throw new Error('the sources of apt name no mirror of Debian');
  mkdirSync(cache, { recursive: true });
  // The lock is the kernel's: it ends with whoever holds it.
  const words = [`${tree}.lock`, 'sh', '-c', script, tree, `${tree}.partial`, mirror];
  const child = spawn('flock', [...words, `--include=${names}`, ...proxyOption()], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`mmdebstrap could not build ${tree}:\n${said}`);
  return tree;
}

/** Where this machine gets its own packages of Debian from; undefined if it names no such place. */
export function debianMirror(): string | undefined {
  const folder = '/etc/apt/sources.list.d';
  const files = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return ['/etc/apt/sources.list', ...files]
    .filter((path) => /\.(?:list|sources)$/.test(path) && existsSync(path))
    .flatMap((path) => readFileSync(path, 'utf8').split('\n'))
    .filter((line) => /^\s*(?:deb|URIs:)\s/.test(line))
    .map((line) => /\b(?:https?|file):\/\/\S+\/debian\/?(?=\s|$)/.exec(line)?.[0])
    .find((uri) => uri !== undefined);
}

/** apt inside does not read this machine's settings: how it gets out must be told. */
function proxyOption(): string[] {
  const { stdout } = spawnSync('apt-config', ['shell', 'P', 'Acquire::http::Proxy'], {
    encoding: 'utf8',
  });
  const proxy = /^P='([^' "]+)'/.exec(stdout)?.[1];
  return proxy === undefined ? [] : [`--aptopt=Acquire::http::Proxy "${proxy}";`];
}
