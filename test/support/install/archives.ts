import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { copySource, root } from '../release.ts';
import { changes, isChanged } from './faults.ts';

/** Two versions of the same source. */
export const versions = ['0.1.0-a', '0.1.0-b'] as const;

/** What an archive depends on; texts beside the program may be older than the source. */
const sources = [
  'bin',
  'src',
  'scripts/release',
  'scripts/release.ts',
  'package-lock.json',
  'deploy/systemd',
  'deploy/logrotate',
  'deploy/openrc',
  'deploy/sysvinit',
  'test/support/install/faults.ts',
];

/** `$0` is the folder, `$1` the version, then the program and the script that make it, and an option of that. */
const script = `
  set -e
  if test -d "$0/$1"; then exit 0; fi
  rm -rf "$0/partial"
  "$2" "$3" --fast $4 --only x64 --as "$1" --out "$0/partial"
  rm -f "$0/partial/$1"/*.deb
  mv "$0/partial/$1" "$0/$1"
`;

/**
 * The folder with the archives of a version of the real agent, packed loosely: of this source as it is, or with one
 * of the faults of `faults.ts`. Built once for these sources, in a quarter of a minute, and kept where the guests'
 * roots are; whoever comes meanwhile waits. Nobody may write into it.
 */
export async function realArchives(version: string = versions[0]): Promise<string> {
  const cache = process.env['TOCSIN_GUEST_CACHE'] ?? join(homedir(), '.cache', 'tocsin-guests');
  const folder = join(cache, `releases-${digestOfSources()}`);
  if (existsSync(join(folder, version))) return join(folder, version);
  mkdirSync(folder, { recursive: true });
  const source = isChanged(version) ? changedSource(version) : root;
  try {
    const release = join(source, 'scripts', 'release.ts');
    // No guest in which a fault is tried has xz, which would take half of the time.
    const option = isChanged(version) ? '--gz' : '';
    const words = ['sh', '-c', script, folder, version, process.execPath, release, option];
    // The folder is its own lock.
    const child = spawn('flock', [folder, ...words], {
      cwd: source,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'], TOCSIN_SIGNING_KEY: undefined },
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`the archives of ${version} could not be made:\n${said}`);
  } finally {
    if (source !== root) rmSync(source, { recursive: true });
  }
  removeOld(cache);
  return join(folder, version);
}

/** A copy of the source into which somebody has put a fault. */
function changedSource(version: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'tocsin-source-'));
  copySource(copy);
  for (const { path, change } of changes[version] ?? []) {
    const former = readFileSync(join(copy, path), 'utf8');
    const text = change(former);
    if (text === former) throw new Error(`${path} is not as ${version} expects it`);
    writeFileSync(join(copy, path), text);
  }
  return copy;
}

function digestOfSources(): string {
  const hash = createHash('sha256').update(process.version);
  for (const file of sources.flatMap((path) => filesBelow(join(root, path)))) {
    hash.update(`\0${file.slice(root.length)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 12);
}

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .toSorted()
    .flatMap((name) => filesBelow(join(path, name)));
}

/** A version takes some 90 MB: those of sources that are gone are not kept, but for what another run may still read. */
function removeOld(cache: string): void {
  const kept = readdirSync(cache)
    .filter((name) => /^releases-[0-9a-f]{12}$/.test(name))
    .map((name) => join(cache, name))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const folder of kept.slice(4)) rmSync(folder, { recursive: true, force: true });
}
