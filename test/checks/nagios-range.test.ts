import { expect, test } from 'vitest';
import { parseNagiosRange } from '../../src/checks/nagios-range.ts';

// The examples of the guidelines, and the ends of each.
test.each([
  ['10', [-1, 11], [0, 10]],
  ['10:', [9, -5], [10, 1e9]],
  ['~:10', [11], [-1e9, 10]],
  ['10:20', [9, 21], [10, 20]],
  ['@10:20', [10, 15, 20], [9, 21]],
  ['@10', [0, 5, 10], [-1, 11]],
  ['0:0', [-1, 1], [0]],
  ['-5:-1.5', [-6, 0], [-5, -1.5]],
  ['~:-1', [0], [-1, -2]],
])('%s alerts on %j and not on %j', (text, bad, good) => {
  const range = parseNagiosRange(text);
  expect(bad.filter((value) => range?.alertsOn(value) === true)).toEqual(bad);
  expect(good.filter((value) => range?.alertsOn(value) === true)).toEqual([]);
});

test.each(['', '@', ':', '20:10', 'ten', '1:2:3', '~', '10:~', '1e5'])('%j is no range', (text) => {
  expect(parseNagiosRange(text)).toBeUndefined();
});
