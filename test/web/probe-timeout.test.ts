import { expect, test } from 'vitest';
import { probeTimeoutSeconds } from '../../src/web/probe-timeout.ts';

test.each([
  ['BB-H05', 0, '15', 0.5, 14.5],
  ['BB-H06', 0, '15', 0, 15],
  ['BB-H07', 20, '15', 0.5, 14.5],
  ['BB-H08', 20, '15', 0, 15],
  ['BB-H09', 5, '15', 0, 5],
  ['BB-H10', 5, '15', 0.5, 5],
  ['BB-H11', 10, undefined, 0.5, 10],
  ['BB-H12', 10, '10', 0.5, 9.5],
  ['BB-H13', 9.5, undefined, 0.5, 9.5],
  ['BB-H14', 9.5, undefined, 1, 9.5],
  ['BB-H15', 0, undefined, 0.5, 119.5],
  ['BB-H16', 0, undefined, 0, 120],
  ['an empty header', 0, '', 0.5, 119.5],
  ['a header of zero', 0, '0', 0.5, 119.5],
  ['less than the offset, with a module', 3, '0.2', 0.5, 3],
  ['less than the offset, without one', 0, '0.2', 0.5, 0],
  ['an exponent', 0, '1.5e1', 0.5, 14.5],
])('%s: module %d, header %s, offset %d', (_, module, header, offset, seconds) => {
  expect(probeTimeoutSeconds(header, module, offset)).toBe(seconds);
});

test.each(['abc', '1s', '0x10', 'NaN', 'Infinity', ' 5', '1_0'])(
  'BB-H22 the header %j is no number',
  (header) => {
    expect(probeTimeoutSeconds(header, 5, 0.5)).toBeUndefined();
  },
);
