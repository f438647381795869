import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkDocs } from '../../scripts/check-docs.ts';
import { checkNotes } from '../../scripts/check-notes.ts';
import { checkTypeNames } from '../../src/model/check.ts';

test('docs/checks.md is what scripts/check-docs.ts writes', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/checks.md'), 'utf8');
  expect(page).toBe(checkDocs());
});

test('scripts/check-notes.ts tells of every check type', () => {
  expect(checkTypeNames.filter((name) => checkNotes[name] === undefined)).toEqual([]);
});

test('every key of every check type has a meaning', () => {
  const bare = checkDocs()
    .split('\n')
    .filter((line) => /^\| `[^|]*\|[^|]*\|\s*\|$/.test(line));
  expect(bare).toEqual([]);
});
