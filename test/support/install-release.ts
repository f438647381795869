import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildRelease, makeKey, root } from './release.ts';

/** Releases for the tests of the installer: two versions of the same source, under one key. */
export interface TestReleases {
  /** Holds `install.sh`, and a folder for each version. */
  readonly folder: string;
  readonly first: '0.1.0-a';
  readonly second: '0.1.0-b';
}

/** Builds both; takes about a minute. `baseUrl` is where they will be served. */
export async function buildReleases(baseUrl: string): Promise<TestReleases> {
  const work = mkdtempSync(join(tmpdir(), 'tocsin-releases-'));
  const folder = join(work, 'out');
  mkdirSync(folder);
  const key = join(work, 'key.pem');
  makeKey(key);
  const environment = { TOCSIN_BASE_URL: baseUrl, TOCSIN_SIGNING_KEY: key };
  for (const version of ['0.1.0-a', '0.1.0-b']) {
    await buildRelease(root, ['--only', 'x64', '--as', version, '--out', folder], environment);
  }
  return { folder, first: '0.1.0-a', second: '0.1.0-b' };
}
