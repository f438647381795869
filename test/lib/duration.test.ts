import { expect, test } from 'vitest';
import { humanDuration } from '../../src/lib/duration.ts';

test.each([
  [0, '0ms'],
  [0.0487, '0.05ms'],
  [0.949, '0.9ms'],
  [0.96, '1ms'],
  [42.4, '42ms'],
  [1200, '1.2s'],
  [45_000, '45s'],
  [11_520_000, '3h 12m'],
])('%d ms is %s', (ms, text) => {
  expect(humanDuration(ms)).toBe(text);
});
