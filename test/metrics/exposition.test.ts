import { expect, test } from 'vitest';
import {
  counter,
  createExposition,
  formatNumber,
  gauge,
  labelText,
} from '../../src/metrics/exposition.ts';

test.each([
  [0, '0'],
  [-1, '-1'],
  [4463, '4463'],
  [0.0012, '0.0012'],
  [999_999, '999999'],
  [1_000_000, '1e+06'],
  [1_797_952_076, '1.797952076e+09'],
  [-62_135_596_800, '-6.21355968e+10'],
  [0.0001, '0.0001'],
  [0.000_01, '1e-05'],
  [1.5e300, '1.5e+300'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, '+Inf'],
  [Number.NEGATIVE_INFINITY, '-Inf'],
])('the number %d is written as Go writes it: %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test('labels are sorted by name, escaped, and left out when empty', () => {
  const labels = { zone: 'a', empty: '', path: 'C:\\dir', quote: 'say "hi"\nnow' };
  expect(labelText(labels)).toBe(String.raw`{path="C:\\dir",quote="say \"hi\"\nnow",zone="a"}`);
  expect(labelText({ empty: '' })).toBe('');
});

test('families are sorted by name, with help and type once and all samples together', () => {
  const exposition = createExposition();
  exposition.add(counter('zebras_total', 'Zebras,\nby \\ kind.'), labelText({ kind: 'a' }), 2);
  exposition.add(gauge('ants', 'Ants.'), '', 1);
  exposition.add(counter('zebras_total', 'Zebras,\nby \\ kind.'), labelText({ kind: 'b' }), 3);
  expect(exposition.text()).toBe(
    [
      '# HELP ants Ants.',
      '# TYPE ants gauge',
      'ants 1',
      String.raw`# HELP zebras_total Zebras,\nby \\ kind.`,
      '# TYPE zebras_total counter',
      'zebras_total{kind="a"} 2',
      'zebras_total{kind="b"} 3',
      '',
    ].join('\n'),
  );
});

test('a family of thousands of samples is written whole and in order, whatever stands in its labels', () => {
  const exposition = createExposition();
  const places = Array.from({ length: 3000 }, (_, index) =>
    labelText({ place: `Köln 🏠 ${index}` }),
  );
  for (const [index, place] of places.entries()) {
    exposition.add(gauge('rooms', 'Rooms.'), place, index);
    exposition.add(gauge('beds', 'Beds.'), place, 2 * index);
  }
  const lines = (name: string, factor: number): string[] =>
    places.map((place, index) => `${name}${place} ${factor * index}`);
  const page = exposition.text().split('\n');
  expect(page).toEqual([
    '# HELP beds Beds.',
    '# TYPE beds gauge',
    ...lines('beds', 2),
    '# HELP rooms Rooms.',
    '# TYPE rooms gauge',
    ...lines('rooms', 1),
    '',
  ]);
});
