import type * as YamlLibrary from 'yaml';
import type { Document } from 'yaml';
import type { Problem } from '../model/config.ts';
import { inReadingOrder } from './problem.ts';
import { readModules } from './modules.ts';
import { createReading } from './reading.ts';
import { readSource } from './source.ts';
import type { ConfigTables } from './tables.ts';
import { mapOf, scalarOf } from './tree.ts';

/** A file of blackbox_exporter as a section of the agent's own configuration. */
export interface Imported {
  /** The section `modules:` as YAML, with the comments of the file; undefined if it cannot be read. */
  readonly text: string | undefined;
  readonly modules: number;
  /** What could not be taken over, by line; each such module is left out as a whole. */
  readonly problems: readonly Problem[];
}

/** Keys whose values hold a `$` of their own, where the configuration looks for no references. */
const literalKeys = /^(?:send|value|expect|regexp|\w+_regexp|\w+_cel)$/;

/** Reads a `blackbox.yml` and writes it as what may stand in `agent.config.yaml` or in `conf.d/`. */
export async function importBlackbox(file: string, tables: ConfigTables): Promise<Imported> {
  const source = await readSource(file);
  if (!source.ok) return { text: undefined, modules: 0, problems: [source.problem] };
  const place = { file, path: '' };
  const reading = createReading({ environment: {} });
  const root = mapOf({ modules_file: scalarOf(file, place) }, place);
  const { byName } = await readModules(reading, root, tables);
  const problems = inReadingOrder(reading.problems, [file]);
  const yaml = await import('yaml');
  const document = yaml.parseDocument(source.text, { uniqueKeys: false, customTags: ['binary'] });
  if (document.errors.length > 0) return { text: undefined, modules: 0, problems };
  leaveOut(yaml, document, new Set(byName.keys()));
  escapeReferences(yaml, document, literalKeys);
  return { text: document.toString({ lineWidth: 0 }), modules: byName.size, problems };
}

/** Takes out every module that was not read, and whatever is no module. */
function leaveOut(
  { isMap, isScalar }: typeof YamlLibrary,
  document: Document,
  names: ReadonlySet<string>,
): void {
  const root = document.contents;
  if (!isMap(root)) return;
  root.items = root.items.filter(({ key }) => isScalar(key) && key.value === 'modules');
  const modules = root.get('modules');
  if (!isMap(modules)) return;
  modules.items = modules.items.filter(({ key }) => isScalar(key) && names.has(String(key.value)));
}

/** Doubles each dollar that would otherwise begin a reference, but where none is looked for. */
export function escapeReferences(
  { visit, isPair }: typeof YamlLibrary,
  document: Document,
  literal: RegExp,
): void {
  visit(document, {
    Scalar(place, node, path) {
      const pair = path.findLast((above) => isPair(above));
      const isLiteral = pair !== undefined && literal.test(String(pair.key));
      if (place === 'key' || isLiteral || typeof node.value !== 'string') return;
      node.value = node.value.replaceAll(/\$(?=[${])/g, '$$$$');
    },
  });
}
