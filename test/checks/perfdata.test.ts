import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePerfdata, parsePluginOutput } from '../../src/checks/perfdata.ts';

describe('the output of a plugin', () => {
  test('is a summary, performance data, long output and more performance data', () => {
    const output = [
      'DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968',
      '/ 15272 MB (77%);',
      '/boot 68 MB (69%); | /boot=68MB;88;93;0;98',
      '/home=69357MB;253404;253409;0;253414',
    ].join('\n');
    expect(parsePluginOutput(output)).toEqual({
      summary: 'DISK OK - free space: / 3326 MB (56%);',
      longOutput: ['/ 15272 MB (77%);', '/boot 68 MB (69%);'],
      values: [
        { metric: '/', value: 2_643_000_000, unit: 'B', warning: '5948', critical: '5958' },
        { metric: '/boot', value: 68_000_000, unit: 'B', warning: '88', critical: '93' },
        {
          metric: '/home',
          value: 69_357_000_000,
          unit: 'B',
          warning: '253404',
          critical: '253409',
        },
      ],
    });
  });

  test('may be one word, or nothing', () => {
    expect(parsePluginOutput('OK\n')).toEqual({ summary: 'OK', longOutput: [], values: [] });
    expect(parsePluginOutput('')).toEqual({ summary: '', longOutput: [], values: [] });
  });

  test('may have lines that end as on Windows', () => {
    expect(parsePluginOutput('OK | a=1\r\nmore\r\n')).toMatchObject({
      summary: 'OK',
      longOutput: ['more'],
      values: [{ metric: 'a', value: 1 }],
    });
  });
});

describe('performance data', () => {
  test.each([
    ['time=250ms', 0.25, 's'],
    ['time=12us', 0.000012, 's'],
    ['time=1.5s', 1.5, 's'],
    ['load=-.5', -0.5, undefined],
    ['used=42%', 42, '%'],
    ['sent=17c', 17, 'c'],
    ['size=2KB', 2000, 'B'],
    ['size=2kb', 2000, 'B'],
    ['size=3KiB', 3072, 'B'],
    ['size=1TB', 1e12, 'B'],
    ['power=230W', 230, undefined],
    ['n=1.5e3', 1500, undefined],
  ])('%s is %d in %s', (text, value, unit) => {
    const [found] = parsePerfdata(text);
    expect(found?.value).toBeCloseTo(value, 12);
    expect(found?.unit).toBe(unit);
  });

  test('keeps ranges as they were written', () => {
    expect(parsePerfdata('a=5;@10:20;~:30;0;100')).toEqual([
      { metric: 'a', value: 5, warning: '@10:20', critical: '~:30' },
    ]);
    expect(parsePerfdata('a=5;;9')).toEqual([{ metric: 'a', value: 5, critical: '9' }]);
  });

  test('reads quoted labels with blanks, equals signs and quotes', () => {
    expect(parsePerfdata("'C:\\ used = it''s'=5 'b c'=6").map(({ metric }) => metric)).toEqual([
      "C:\\ used = it's",
      'b c',
    ]);
  });
});

describe('performance data out of the format', () => {
  test('leaves out what the plugin could not tell and what is no number', () => {
    expect(parsePerfdata('a=U b=1e999 c= d=1,5 e=7')).toEqual([{ metric: 'e', value: 7 }]);
  });

  test('goes on after nonsense and takes the first of equal labels', () => {
    expect(parsePerfdata("nonsense 'open=1 x=1 x=2 y=3;")).toEqual([
      { metric: 'x', value: 1 },
      { metric: 'y', value: 3 },
    ]);
  });

  test('never throws, whatever is printed, and gives finite numbers only', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom("'", '=', ';', ' ', '|', '\n', '1', '.', 'e', 'U', 'B') }),
    );
    fc.assert(
      fc.property(text, (output) => {
        const { values } = parsePluginOutput(output);
        expect(values.every(({ value }) => Number.isFinite(value))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('comes back as it was written', () => {
    const range = fc.constantFrom('', '10', '10:', '~:10', '10:20', '@10:20', '-1.5:1.5');
    const written = fc.record({
      metric: fc.string({ minLength: 1, maxLength: 50 }).filter((label) => !/[|\n]/.test(label)),
      value: fc.double({ noNaN: true, noDefaultInfinity: true }),
      unit: fc.constantFrom('', 's', '%', 'B', 'c'),
      warning: range,
      critical: range,
    });
    const list = fc.uniqueArray(written, { selector: ({ metric }) => metric, maxLength: 10 });
    fc.assert(
      fc.property(list, (values) => {
        const text = values
          .map(({ metric, value, unit, warning, critical }) => {
            const label = `'${metric.replaceAll("'", "''")}'`;
            return `${label}=${value}${unit};${warning};${critical};0;`;
          })
          .join(' ');
        const read = parsePluginOutput(`OK | ${text}`).values.map(
          ({ metric, value, unit = '', warning = '', critical = '' }) => {
            return { metric, value, unit, warning, critical };
          },
        );
        // A negative zero is written as 0.
        expect(read).toEqual(values.map(({ value, ...rest }) => ({ value: value + 0, ...rest })));
      }),
    );
  });

  test('does not take long over a hostile line', () => {
    const started = performance.now();
    parsePerfdata("'''' ".repeat(13_000));
    parsePerfdata("'a ".repeat(20_000));
    parsePerfdata('a'.repeat(65_000));
    expect(performance.now() - started).toBeLessThan(500);
  });
});
