import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { titlesById } from './ids.ts';

/** A title in a source file: a text that begins with an id. */
const title = /['"`](BB-[A-Z]\d{2,3}) /g;

test('every line of the conformance list has its tests in this folder, and no other line has', () => {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'));
  const found: Record<string, number> = {};
  for (const file of files) {
    const text = readFileSync(join(import.meta.dirname, file), 'utf8');
    for (const [, id = ''] of text.matchAll(title)) found[id] = (found[id] ?? 0) + 1;
  }
  expect(found).toEqual(titlesById);
});
