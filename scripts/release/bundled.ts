import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Metafile } from 'esbuild';

const root = join(import.meta.dirname, '..', '..');

/** An npm package of which something is in the executable. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As SPDX has it. */
  readonly licence: string;
  readonly licenceText: string;
  /** The names of the packages it asks for. */
  readonly dependencies: readonly string[];
  /** Its place in package-lock.json, such as `node_modules/a/node_modules/b`. */
  readonly place: string;
}

/**
 * The packages that went into a bundle, by name and version.
 *
 * @throws Error if one of them says nothing of its licence: somebody has to look for it
 */
export function bundledPackages({ outputs }: Metafile): readonly BundledPackage[] {
  const folders = new Set<string>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file) ?? [];
      if (folder !== undefined && bytesInOutput > 0) folders.add(resolve(root, folder));
    }
  }
  return [...folders]
    .map(read)
    .sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

function read(folder: string): BundledPackage {
  const { name, version, license, dependencies } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as { name: string; version: string; license?: string; dependencies?: object };
  const text = licenceText(folder);
  if (license === undefined || text === undefined) {
    throw new Error(`${name} is bundled, but says nothing of its licence`);
  }
  return {
    name,
    version,
    licence: license,
    licenceText: text,
    dependencies: Object.keys(dependencies ?? {}),
    place: folder.slice(folder.indexOf('node_modules/')),
  };
}

/** Its files about the licence, or the part of its README that gives it. */
function licenceText(folder: string): string | undefined {
  const files = readdirSync(folder).sort();
  const texts = files
    .filter((name) => /^(?:licen[cs]e|copying|notice)\b/i.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8').trim());
  if (texts.length > 0) return texts.join('\n\n');
  const readme = files.find((name) => /^readme\b/i.test(name));
  if (readme === undefined) return undefined;
  const [, part] = readFileSync(join(folder, readme), 'utf8').split(/^#+ *licen[cs]e *$/im);
  return part?.includes('Copyright') === true ? part.trim() : undefined;
}
