import { readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import type { Scene } from './scene.ts';
import { readSmallFile } from './small-file.ts';

const packageShape = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ name: v.literal('openclaw'), version: v.string() }),
);

/** How many folders above a program are looked at: npm puts packages two or three above it. */
const levelsMax = 8;

/** The version of OpenClaw that lies on disk, which an update changes before the gateway is restarted. */
export async function versionOnDisk(scene: Scene): Promise<string | undefined> {
  for (const path of await packagesOf(scene)) {
    const file = await readSmallFile(path);
    const parsed = file.kind === 'text' ? v.safeParse(packageShape, file.text) : undefined;
    if (parsed?.success === true) return parsed.output.version;
  }
  return undefined;
}

/** Where the package may be: above what the unit starts, and beside the Node that runs. */
async function packagesOf({ pid, places, installation }: Scene): Promise<readonly string[]> {
  const started = (installation.unitText?.startedPaths ?? []).filter((path) =>
    /\/openclaw\//.test(path),
  );
  const above = started
    .flatMap((path) => foldersAbove(path))
    .map((one) => join(one, 'package.json'));
  const node =
    pid === undefined
      ? undefined
      : await readlink(`${places.proc}/${pid}/exe`).catch(() => undefined);
  const beside = (node === undefined ? [] : foldersAbove(node)).flatMap((folder) =>
    ['lib/node_modules', 'node_modules'].map((name) =>
      join(folder, name, 'openclaw', 'package.json'),
    ),
  );
  return [...above, ...beside];
}

function foldersAbove(path: string): readonly string[] {
  const found: string[] = [];
  for (let folder = dirname(path); folder !== '/' && found.length < levelsMax;) {
    found.push(folder);
    folder = dirname(folder);
  }
  return found;
}
