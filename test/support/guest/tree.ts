import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a guest may have as its PID 1. */
export type Init = 'systemd' | 'openrc' | 'sysvinit';

/** Releases of Debian, and the number of each; the last one is still being made. */
export const debians = { bullseye: 11, bookworm: 12, trixie: 13, forky: 14 } as const;
export type Debian = keyof typeof debians;

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
 * `$0` is the tree, `$1` where it grows, `$2` the release, `$3` the mirror, and the rest options. Without `/etc/hosts` nothing finds
 * `localhost`; the identity of a machine must not be the same in every guest.
 */
const script = `
  set -e
  if test -d "$0"; then exit 0; fi
  rm -rf "$1"
  tree=$0; partial=$1; suite=$2; mirror=$3; shift 3
  mmdebstrap --variant=minbase "$@" "$suite" "$partial" "$mirror"
  printf '127.0.0.1 localhost\n::1 localhost\n' > "$partial/etc/hosts"
  rm -f "$partial/etc/machine-id" "$partial/var/lib/dbus/machine-id" "$partial/etc/hostname" "$partial/etc/resolv.conf"
  rm -rf "$partial/usr/share/doc" "$partial/usr/share/man" "$partial/usr/share/locale"
  mv "$partial" "$tree"
`;

interface TreeWish {
  /** Packages beside the usual ones. */
  readonly packages?: readonly string[];
  readonly init?: Init;
  /** Debian 12 unless told. */
  readonly debian?: Debian;
}

/**
 * The folder with a Debian of these packages. Built once, in about half a minute, and kept in `$TOCSIN_GUEST_CACHE` or `~/.cache/tocsin-guests`; whoever comes while another builds it waits.
 * Nobody may write into it.
 */
export async function keptTree({
  packages = [],
  init = 'systemd',
  debian = 'bookworm',
}: TreeWish = {}): Promise<string> {
  const cache = cacheFolder();
  const names = [...new Set([...always[init], ...packages])].toSorted().join(',');
  const name = createHash('sha256').update(`${recipe} ${names}`).digest('hex').slice(0, 12);
  const tree = join(cache, `debian-${debians[debian]}-${name}`);
  if (existsSync(tree)) return tree;
  const mirror = debianMirror();
  if (mirror === undefined) throw new Error('the sources of apt name no mirror of Debian');
  mkdirSync(cache, { recursive: true });
  // The lock is the kernel's: it ends with whoever holds it.
  const words = [`${tree}.lock`, 'sh', '-c', script, tree, `${tree}.partial`, debian, mirror];
  // A mirror may hold a list of what is still being made that is some days old.
  const age = debian === 'forky' ? ['--aptopt=Acquire::Check-Valid-Until "false";'] : [];
  const child = spawn('flock', [...words, `--include=${names}`, ...proxyOption(), ...age], {
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

function cacheFolder(): string {
  return process.env['TOCSIN_GUEST_CACHE'] ?? join(homedir(), '.cache', 'tocsin-guests');
}

/** Why there can be no guest with this Debian here; undefined if one is kept, or the mirror has it. */
export function lacksDebian(debian: Debian): string | undefined {
  const kept = existsSync(cacheFolder()) ? readdirSync(cacheFolder()) : [];
  const pattern = new RegExp(`^debian-${debians[debian]}-[0-9a-f]{12}$`);
  if (kept.some((name) => pattern.test(name))) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-mirror-'));
  try {
    const list = `${debianMirror()?.replace(/\/$/, '')}/dists/${debian}/InRelease`;
    // By the ways and proxies that apt has.
    const words = ['download-file', list, join(folder, 'list')];
    const { status, stderr } = spawnSync('/usr/lib/apt/apt-helper', words, { encoding: 'utf8' });
    return status === 0 ? undefined : `the mirror has no Debian ${debian}: ${stderr.trim()}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
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
