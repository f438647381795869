import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createExposition,
  exactLabelText,
  formatNumber,
  gauge,
  labelText,
} from '../../src/metrics/exposition.ts';
import { anyText, holds } from '../support/fuzz.ts';

/** Reads a number as Prometheus does. */
function read(text: string): number {
  if (text === '+Inf') return Infinity;
  if (text === '-Inf') return -Infinity;
  return Number(text);
}

test('every number reads back as the same, in the shortest form, spelled as Go does', () => {
  const any = fc.oneof(fc.double(), fc.integer(), fc.float(), fc.maxSafeInteger());
  holds(
    fc.property(any, (value) => {
      const text = formatNumber(value);
      // Of nought there is only one here, as blackbox_exporter writes it.
      expect(read(text)).toBe(value === 0 ? 0 : value);
      expect(text).toMatch(/^(?:NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]\d{2,3})?)$/);
      expect(text.length).toBeLessThanOrEqual(25);
      const digits = (number: string): string =>
        number.replace(/e.*/, '').replaceAll(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '');
      if (Number.isFinite(value)) expect(digits(text)).toBe(digits(value.toExponential()));
    }),
    8000,
  );
});

/** Takes `{a="1",b="2"}` apart as Prometheus does: an escape is a backslash and one character. */
function readLabels(text: string): Map<string, string> {
  const labels = new Map<string, string>();
  const pair = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|\}$)/y;
  let at = text === '' ? 0 : 1;
  for (pair.lastIndex = at; at < text.length; at = pair.lastIndex) {
    const match = pair.exec(text);
    if (match === null) throw new Error(`not a label at ${at}: ${text}`);
    const [, name = '', value = ''] = match;
    const plain = value.replaceAll(/\\(.)/g, (_, it: string) => (it === 'n' ? '\n' : it));
    labels.set(name, plain);
  }
  return labels;
}

const labels = fc.dictionary(fc.stringMatching(/^[a-zA-Z_]\w{0,8}$/), anyText(40), {
  maxKeys: 5,
  noNullPrototype: true,
});

test('labels read back as they were, whatever their values hold', () => {
  holds(
    fc.property(labels, (set) => {
      const exact = exactLabelText(set);
      expect(readLabels(exact)).toEqual(new Map(Object.entries(set)));
      const filled = Object.entries(set).filter(([, value]) => value !== '');
      expect(readLabels(labelText(set))).toEqual(new Map(filled));
      expect(exact.length).toBeLessThanOrEqual(
        Object.values(set).join('').length * 2 + Object.keys(set).length * 16 + 2,
      );
    }),
    1500,
  );
});

test('a page has one line for each sample and two for each family, whatever they hold', () => {
  const sample = fc.record({
    name: fc.stringMatching(/^[a-z]{1,3}$/),
    help: anyText(40),
    set: labels,
    value: fc.double(),
  });
  holds(
    fc.property(fc.array(sample, { maxLength: 12 }), (samples) => {
      const exposition = createExposition();
      for (const { name, help, set, value } of samples) {
        exposition.add(gauge(name, help), labelText(set), value);
      }
      const lines = exposition.text().split('\n');
      expect(lines.pop()).toBe('');
      const heads = lines.filter((line) => line.startsWith('# '));
      expect(heads.length).toBe(2 * new Set(samples.map(({ name }) => name)).size);
      expect(lines.length - heads.length).toBe(samples.length);
    }),
    400,
  );
});
