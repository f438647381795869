import { expect, test } from 'vitest';
import { parseGoDuration } from '../../src/lib/go-duration.ts';

test.each([
  ['5s', 5000],
  ['1h30m', 5_400_000],
  ['1.5s', 1500],
  ['.5s', 500],
  ['100ms', 100],
  ['250us', 0.25],
  ['3µs', 0.003],
  ['7ns', 0.000_007],
  ['0', 0],
  ['-1m', -60_000],
])('%s is %d ms', (text, ms) => {
  expect(parseGoDuration(text)).toBeCloseTo(ms, 9);
});

test.each(['', '5', '1d', '1w', '5 s', 's', '1h30', '1e3s', '--1s'])('%j is none', (text) => {
  expect(parseGoDuration(text)).toBeUndefined();
});
