import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root } from '../release.ts';

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
  'deploy/openrc',
  'deploy/sysvinit',
];

/** `$0` is the folder, and the rest the program and the script that make it. */
const script = `
  set -e
  if test -d "$0"; then exit 0; fi
  rm -rf "$0.partial"
  for version in ${versions.join(' ')}; do
    "$1" "$2" --fast --only x64 --as "$version" --out "$0.partial"
  done
  mv "$0.partial" "$0"
`;

/**
 * A folder with a folder for each version, in which the archives of the real agent are, packed loosely. Built once
 * for these sources, in half a minute, and kept where the guests' roots are; whoever comes meanwhile waits. Nobody
 * may write into it.
 */
export async function realArchives(): Promise<string> {
  const cache = process.env['TOCSIN_GUEST_CACHE'] ?? join(homedir(), '.cache', 'tocsin-guests');
  const folder = join(cache, `releases-${digestOfSources()}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const words = ['sh', '-c', script, folder, process.execPath, join(root, 'scripts', 'release.ts')];
  const child = spawn('flock', [join(cache, 'releases.lock'), ...words], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], TOCSIN_SIGNING_KEY: undefined },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the archives could not be made:\n${said}`);
  removeOld(cache);
  return folder;
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

/** Each is some 140 MB: those of sources that are gone are not kept, but for what another run may still read. */
function removeOld(cache: string): void {
  const kept = readdirSync(cache)
    .filter((name) => /^releases-[0-9a-f]{12}$/.test(name))
    .map((name) => join(cache, name))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const folder of kept.slice(4)) rmSync(folder, { recursive: true, force: true });
}
