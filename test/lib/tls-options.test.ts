import * as v from 'valibot';
import { expect, test } from 'vitest';
import { tlsBlock } from '../../src/lib/tls-options.ts';

test('texts that are empty stand for nothing', () => {
  const empty = { ca: '', ca_file: '', cert: '', cert_file: '', key_file: '', server_name: '' };
  expect(v.parse(tlsBlock, empty)).toEqual({ insecure_skip_verify: false });
});

test.each([
  [{ ca: 'a', ca_file: 'b' }],
  [{ cert: 'a', cert_file: 'b', key_file: 'c' }],
  [{ cert_file: 'a' }],
  [{ cert_file: 'a', key_file: '' }],
  [{ key_file: 'a' }],
  [{ min_version: 'SSL3' }],
  [{ min_version: '' }],
  [{ cafile: 'a' }],
])('%j is refused', (block) => {
  expect(v.safeParse(tlsBlock, block).success).toBe(false);
});
