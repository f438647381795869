import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { join } from 'node:path';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import {
  headerSources,
  httpHeaderSources,
  readHeaderSources,
} from '../../../../src/checks/net/http/header-sources.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

test('values, secrets and files of a header come in this order, and a plain text is one value', async () => {
  const file = join(temporaryFolder(), 'value');
  writeFileSync(file, '  from the file\n');
  const sources = v.parse(headerSources, {
    'X-Many': { values: ['a', 'b'], secrets: ['hidden'], files: [file] },
    'X-Plain': 'Grüße',
  });
  expect(await readHeaderSources(sources)).toEqual([
    ['X-Many', 'a'],
    ['X-Many', 'b'],
    ['X-Many', 'hidden'],
    ['X-Many', 'from the file'],
    ['X-Plain', 'GrÃ¼Ã\u009Fe'],
  ]);
  expect(inspect(sources, { depth: 9 })).not.toContain('hidden');
});

test('a file is read anew at each use', async () => {
  const file = join(temporaryFolder(), 'value');
  const sources = v.parse(headerSources, { 'X-Key': { files: [file] } });
  expect(await readHeaderSources(sources)).toMatchObject({ reason: 'missing', unknown: true });
  writeFileSync(file, 'one');
  expect(await readHeaderSources(sources)).toEqual([['X-Key', 'one']]);
  writeFileSync(file, 'two');
  expect(await readHeaderSources(sources)).toEqual([['X-Key', 'two']]);
});

test('nothing that would begin a header of its own gets through', async () => {
  const file = join(temporaryFolder(), 'value');
  writeFileSync(file, 'one\r\nX-Other: two');
  const sources = v.parse(headerSources, { 'X-Key': { files: [file] } });
  expect(await readHeaderSources(sources)).toEqual({
    reason: 'header',
    summary: 'a value of the header X-Key is not one line of text',
    unknown: true,
  });
  expect(v.safeParse(headerSources, { 'X-Key': 'a\nb' }).success).toBe(false);
  expect(v.safeParse(headerSources, { 'X-Key': { values: ['a\nb'] } }).success).toBe(false);
  expect(v.safeParse(headerSources, { 'X Key': 'a' }).success).toBe(false);
});

test.each(['Authorization', 'host', 'Content-Type', 'X-Amz-Date', 'user-agent'])(
  'the HTTP client keeps %s for itself',
  (name) => {
    expect(v.safeParse(httpHeaderSources, { [name]: { values: ['a'] } }).success).toBe(false);
    expect(v.safeParse(headerSources, { [name]: { values: ['a'] } }).success).toBe(true);
    expect(v.safeParse(httpHeaderSources, { 'Accept-Language': 'en' }).success).toBe(true);
  },
);
