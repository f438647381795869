import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { tables } from '../../src/app/load.ts';
import { directoryWith, loadDirectory } from '../support/config.ts';

const root = join(import.meta.dirname, '../..');

/** Keys of which one makes a block of YAML a configuration, whole or in part. */
const sections = ['agent', 'server', 'notify', 'checks', 'route', 'receivers'];

interface Block {
  readonly place: string;
  readonly text: string;
}

/** Every configuration that a page for users shows; ```yaml part opens a block that is none by itself. */
const shown = globSync('{README.md,docs/*.md}', { cwd: root }).flatMap((page): Block[] => {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^( *)```yaml\n(.*?)^\1```$/gms)].flatMap((found) => {
    const line = text.slice(0, found.index).split('\n').length;
    const indent = found[1] ?? '';
    const block = (found[2] ?? '').replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    const value = parseDocument(block).toJS() as unknown;
    const keys = value !== null && typeof value === 'object' ? Object.keys(value) : [];
    return sections.some((name) => keys.includes(name))
      ? [{ place: `${page}:${line}`, text: block }]
      : [];
  });
});

/** A value for every reference in the text: of the kind that its name promises. */
function environmentOf(text: string): Record<string, string> {
  const names = [...text.matchAll(/\$\{([A-Z_]+)(?::-[^}]*)?\}/g)].map(([, name = '']) => name);
  return Object.fromEntries(names.map((name) => [name, valueOf(name)]));
}

function valueOf(name: string): string {
  return /url|webhook/i.test(name) ? 'https://example.com/x' : '0123456789abcdef0123456789abcdef';
}

describe('a configuration that the documentation shows', () => {
  test('is found in many pages', () => {
    expect(shown.length).toBeGreaterThan(10);
  });

  test.each(shown)('at $place can be used', async ({ text }) => {
    const credentials = [...text.matchAll(/\$\{credential:([\w.-]+)\}/g)].map(
      ([, name = '']) => name,
    );
    const directory = await directoryWith({
      'agent.config.yaml': text,
      ...Object.fromEntries(credentials.map((name) => [`credentials/${name}`, valueOf(name)])),
    });
    const { problems } = await loadDirectory(directory, {
      environment: environmentOf(text),
      tables,
    });
    expect(problems).toEqual([]);
  });
});
