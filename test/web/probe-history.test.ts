import { expect, test } from 'vitest';
import { snapshotNow } from '../support/snapshot.ts';
import { createProbeHistory, type ProbeHistory } from '../../src/web/probe-history.ts';

const rest = { summary: '', at: snapshotNow, report: async (): Promise<string> => '' };

/** Adds a probe for each letter; capitals are the failed ones. */
function filled(limit: number, letters: string): ProbeHistory {
  const history = createProbeHistory(() => limit);
  for (const letter of letters) {
    const target = letter.toLowerCase();
    history.add({ module: `m${target}`, target, success: letter === target, ...rest });
  }
  return history;
}

const targets = (history: ProbeHistory): string =>
  history
    .list()
    .map(({ target }) => target)
    .join('');

test('BB-Y01 the latest are kept', () => {
  expect(targets(filled(3, 'abcde'))).toBe('cde');
});

test('BB-Y02 failures that fall out are kept apart, as many again', () => {
  expect(targets(filled(3, 'ABcDefghij'))).toBe('abdhij');
  expect(targets(filled(2, 'ABCDEFgh'))).toBe('efgh');
});

test('BB-Y03 a probe is found by its number', () => {
  const history = filled(2, 'Abcd');
  expect(history.byId(0)?.target).toBe('a');
  expect(history.byId(3)?.target).toBe('d');
  expect(history.byId(1)).toBeUndefined();
  expect(history.byId(99)).toBeUndefined();
});

test('BB-Y04, BB-Y05 and by its target, with or without the module', () => {
  const history = filled(5, 'aba');
  expect(history.byTarget('a', '')?.id).toBe(0);
  expect(history.byTarget('a', 'ma')?.id).toBe(0);
  expect(history.byTarget('a', 'mb')).toBeUndefined();
  expect(history.byTarget('c', '')).toBeUndefined();
});

test('a limit of none keeps none, and a lower one takes effect', () => {
  expect(targets(filled(0, 'AbC'))).toBe('');
  let limit = 4;
  const history = createProbeHistory(() => limit);
  for (const target of ['a', 'b', 'c', 'd'])
    history.add({ module: '', target, success: true, ...rest });
  limit = 2;
  history.add({ module: '', target: 'e', success: true, ...rest });
  expect(targets(history)).toBe('de');
});
