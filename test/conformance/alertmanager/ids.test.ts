import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { elsewhere, excused, ids } from './ids.ts';

const root = join(import.meta.dirname, '..', '..');

/** The text of every test by its path below `test`. */
const sources = new Map(
  globSync('**/*.test.ts', { cwd: root }).map((path) => [
    path,
    readFileSync(join(root, path), 'utf8'),
  ]),
);

/** Ids with which a title begins, in any test. */
const titled = new Set(
  [...sources.values()].flatMap((text) =>
    [...text.matchAll(/['"`](AM-[A-Z]\d\d)\b/g)].map(([, id = '']) => id),
  ),
);

test.each(ids)('%s has a test, or a reason why it does not apply', (id) => {
  expect(titled.has(id) || id in elsewhere).toBe(!(id in excused));
});

test('the tests that stand for a line are there, under their titles', () => {
  const missing = Object.entries(elsewhere).flatMap(([id, titles]) =>
    titles
      .filter(([file, title]) => !sources.get(file)?.includes(`'${title}'`))
      .map((place) => [id, ...place]),
  );
  expect(missing).toEqual([]);
});

test('no test names a line that the list does not have', () => {
  expect([...titled].filter((id) => !ids.includes(id))).toEqual([]);
});
