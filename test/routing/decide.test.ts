import { describe, expect, test } from 'vitest';
import { decide } from '../../src/routing/decide.ts';
import { at } from '../support/routes.ts';

const minutes = 60;
const now = at(0).steadyMs;

function entry(firing: string[], resolved: string[] = [], minutesAgo = 0) {
  return { firing, resolved, at: at(-minutesAgo * minutes).steadyMs, dedupKey: 'k' };
}

/** Alertmanager's table: the ids are those of its own cases. */
const cases: readonly [string, Partial<Parameters<typeof decide>[0]>, string | false][] = [
  ['AM-N01 nothing told, something fires', { firing: ['1'] }, 'first notification'],
  ['AM-N02 nothing told, only resolved', { resolved: ['1'] }, false],
  ['AM-N03 another alert fires', { entry: entry(['1']), firing: ['1', '2'] }, 'new alerts added'],
  ['AM-N05 the same after 9 of 10 minutes', { entry: entry(['1'], [], 9), firing: ['1'] }, false],
  [
    'AM-N06 the same after 11 of 10 minutes',
    { entry: entry(['1'], [], 11), firing: ['1'] },
    'repeat interval elapsed',
  ],
  [
    'the same after exactly 10 of 10 minutes',
    { entry: entry(['1'], [], 10), firing: ['1'] },
    'repeat interval elapsed',
  ],
  [
    'AM-N07 nothing was firing, another resolved',
    { entry: entry([], ['1'], 11), resolved: ['2'] },
    false,
  ],
  [
    'AM-N08 fewer firing, send_resolved off',
    { entry: entry(['1', '2']), firing: ['1'], resolved: ['2'], sendResolved: false },
    false,
  ],
  [
    'AM-N09 fewer firing, send_resolved on',
    { entry: entry(['1', '2']), firing: ['1'], resolved: ['2'] },
    'some alerts resolved',
  ],
  [
    'AM-N10 nothing fires any more, send_resolved off',
    { entry: entry(['1', '2']), resolved: ['1', '2'], sendResolved: false },
    false,
  ],
  [
    'AM-N11 nothing fires any more, send_resolved on',
    { entry: entry(['1', '2']), resolved: ['1', '2'] },
    'all alerts resolved',
  ],
  [
    'a resolve that was told is not told again',
    { entry: entry(['1'], ['2']), firing: ['1'], resolved: ['2'] },
    false,
  ],
  [
    'what is muted but fires is not taken for resolved',
    { entry: entry(['1']), mutedStillFiring: true },
    false,
  ],
  [
    'a reminder needs something to remind of',
    { entry: entry(['1'], [], 11), mutedStillFiring: true },
    false,
  ],
];

describe('the decision to notify', () => {
  test.each(cases)('%s', (_name, input, expected) => {
    const decision = decide({
      entry: undefined,
      firing: [],
      resolved: [],
      mutedStillFiring: false,
      sendResolved: true,
      repeatIntervalMs: 10 * minutes * 1000,
      now,
      ...input,
    });
    expect(decision.send && decision.reason).toBe(expected);
  });
});
