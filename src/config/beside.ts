import { dirname, isAbsolute, resolve } from 'node:path';
import { listOf, withValue, type Tree } from './tree.ts';

/**
 * The tree with every relative file name under a key such as `api_url_file` starting at the folder of the file
 * that it is written in, as Alertmanager reads it. A name that comes from a reference is left as it is.
 */
export function withFilesBeside(tree: Tree): Tree {
  if (tree.kind === 'scalar') return tree;
  if (tree.kind === 'list') return listOf(tree.items.map(withFilesBeside), tree.place);
  let completed = tree;
  for (const [key, { value }] of tree.entries) {
    const next = key.endsWith('_file') ? fileBeside(value) : withFilesBeside(value);
    if (next !== value) completed = withValue(completed, key, next);
  }
  return completed;
}

function fileBeside(tree: Tree): Tree {
  if (tree.kind !== 'scalar' || typeof tree.value !== 'string') return tree;
  const { text, place } = tree;
  if (text === '' || isAbsolute(text) || text.includes('$') || !isAbsolute(place.file)) return tree;
  const value = resolve(dirname(place.file), text);
  return { ...tree, value, text: value };
}
