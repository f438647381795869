import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePerfdata, parsePluginOutput } from '../../src/checks/perfdata.ts';
import { commandOutputBytesMax } from '../../src/model/limits.ts';
import { anyText, holds, inTime } from '../support/fuzz.ts';

/** The characters that mean something, often, and others. */
const soup = fc
  .array(
    fc.constantFrom(
      "'",
      "''",
      '=',
      ';',
      ' ',
      '|',
      '\n',
      '\r\n',
      '1',
      '.5',
      'e9',
      '-',
      '%',
      'ms',
      'x',
    ),
    { maxLength: 120 },
  )
  .map((parts) => parts.join(''));

test('no output of a plugin makes the parser throw, and all values are numbers', () => {
  holds(
    fc.property(fc.oneof(soup, anyText(200)), (output) => {
      const { summary, longOutput, values } = inTime(() => parsePluginOutput(output));
      expect(summary).not.toContain('\n');
      expect(summary.length + longOutput.join('').length).toBeLessThanOrEqual(output.length);
      expect(values.length).toBeLessThanOrEqual(output.length / 3);
      for (const { metric, value } of values) {
        expect(Number.isFinite(value)).toBe(true);
        expect(output).toContain(metric.replaceAll("'", "''"));
      }
      expect(new Set(values.map(({ metric }) => metric)).size).toBe(values.length);
    }),
    2000,
  );
});

test('performance data that was written reads back as it was', () => {
  const item = fc.record({
    metric: fc
      .string({ minLength: 1, maxLength: 40, unit: 'grapheme-ascii' })
      .filter((text) => text.trim() === text),
    // Nought has no sign here.
    value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    unit: fc.constantFrom('', 's', '%', 'c'),
    warning: fc.constantFrom('', '10', '5:20'),
  });
  holds(
    fc.property(fc.uniqueArray(item, { maxLength: 8, selector: (one) => one.metric }), (items) => {
      const text = items.map(
        ({ metric, value, unit, warning }) =>
          `'${metric.replaceAll("'", "''")}'=${value}${unit};${warning}`,
      );
      expect(parsePerfdata(text.join(' '))).toEqual(
        items.map(({ metric, value, unit, warning }) => ({
          metric,
          value,
          ...(unit === '' ? {} : { unit }),
          ...(warning === '' ? {} : { warning }),
        })),
      );
    }),
    1000,
  );
});

test.each([
  ['digits', `x=${'1'.repeat(commandOutputBytesMax)}!`],
  ['digits of a fraction', `x=1.${'1'.repeat(commandOutputBytesMax)}!`],
  ['digits of an exponent', `x=1e${'1'.repeat(commandOutputBytesMax)}!`],
  ['letters of a unit', `x=1${'a'.repeat(commandOutputBytesMax)}!`],
  ['quotes', "'".repeat(commandOutputBytesMax)],
  ['doubled quotes', `'${"''".repeat(commandOutputBytesMax / 2)}`],
  ['opened labels', "a='".repeat(commandOutputBytesMax / 3)],
  ['spaces', `${' '.repeat(commandOutputBytesMax)}x`],
  ['semicolons', `x=1${';'.repeat(commandOutputBytesMax)}!`],
  ['limits', `x=1${';1'.repeat(commandOutputBytesMax / 2)}'`],
  ['equals signs', '='.repeat(commandOutputBytesMax)],
  ['items', 'x=1 '.repeat(commandOutputBytesMax / 4)],
])('as many %s as a plugin may print are read in time', (_what, text) => {
  expect(inTime(() => parsePerfdata(text)).length).toBeLessThanOrEqual(1);
});
