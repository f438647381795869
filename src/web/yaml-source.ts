import type { Node } from 'yaml';
import type { Problem } from '../model/config.ts';
import { aliasedNodesMax } from '../model/limits.ts';

/** A YAML text as a value, with the way back from a path to where it stands. */
export interface YamlSource {
  readonly value: unknown;
  /** Line and column, from 1, of the key at the end of the path, or of what is nearest above it. */
  locate(keys: readonly string[]): { readonly line: number; readonly column: number };
}

/** Reads a YAML text strictly: doubled keys and every other flaw are problems, with their lines. */
export async function locateInYaml(
  file: string,
  text: string,
): Promise<YamlSource | { readonly problems: readonly Problem[] }> {
  const { isMap, isScalar, LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const position = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const flaws = [...document.errors, ...document.warnings];
  if (flaws.length > 0) {
    const problems = flaws.map((flaw) => ({
      file,
      ...position(flaw.pos[0]),
      path: '',
      message: flaw.message,
    }));
    return { problems };
  }
  return {
    value: document.toJS({ maxAliasCount: aliasedNodesMax }) as unknown,
    locate(keys) {
      let offset = 0;
      let node: Node | null = document.contents;
      for (const key of keys) {
        if (!isMap(node)) break;
        const pair = node.items.find(
          (item) => isScalar(item.key) && String(item.key.value) === key,
        );
        if (pair === undefined) break;
        offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
        node = pair.value as Node | null;
      }
      return position(offset);
    },
  };
}
