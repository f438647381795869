import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** The processors that a release is made for, by Node's name. */
export const architectures = ['x64', 'arm64'] as const;
export type Architecture = (typeof architectures)[number];

/** A Node to put the agent into, and the text of its licences. */
export interface NodeParts {
  readonly binary: string;
  readonly licence: string;
}

/**
 * The Node that package-lock.json names for a processor, as npm installed it or, for another processor than
 * this one, as npm fetches it.
 *
 * @throws Error if it cannot be had, or if its digest is another than the one in package-lock.json
 */
export function nodeOf(architecture: Architecture): NodeParts {
  const name = `node-linux-${architecture}`;
  const installed = join(root, 'node_modules', name);
  if (existsSync(join(installed, 'bin', 'node'))) return partsIn(installed);
  const { version, integrity } = locked(name);
  const store = join(root, 'node_modules', '.cache', 'tocsin', `${name}-${version}`);
  const unpacked = join(store, 'package');
  if (existsSync(unpacked)) return partsIn(unpacked);
  mkdirSync(store, { recursive: true });
  // Whoever builds at the same time finds a whole folder or none.
  const own = mkdtempSync(join(store, 'fetch-'));
  try {
    console.error(`release: fetching ${name} ${version}`);
    run('npm', ['pack', '--loglevel', 'error', `${name}@${version}`], own);
    const archive = join(own, `${name}-${version}.tgz`);
    const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (found !== integrity) {
      throw new Error(`${name}@${version} is ${found}, package-lock.json says ${integrity}`);
    }
    run('tar', ['-xzf', archive, 'package/bin/node', 'package/LICENSE'], own);
    if (!existsSync(unpacked)) renameSync(join(own, 'package'), unpacked);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
  return partsIn(unpacked);
}

/** The version and the digest of Node that package-lock.json names for a processor. */
export function locked(name: string): { readonly version: string; readonly integrity: string } {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { version?: string; integrity?: string }>>;
  };
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {};
  if (version === undefined || integrity === undefined) {
    throw new Error(`package-lock.json holds no version and digest of ${name}`);
  }
  return { version, integrity };
}

function partsIn(folder: string): NodeParts {
  return { binary: join(folder, 'bin', 'node'), licence: join(folder, 'LICENSE') };
}

function run(program: string, args: readonly string[], cwd: string): void {
  const { status, error } = spawnSync(program, args, {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed ${error?.message ?? ''}`);
}
