import { expect, test } from 'vitest';
import { standstill } from '../../../src/app/watching/progress.ts';
import { standstillMaxMs } from '../../../src/model/limits.ts';

const moving = { schedulerStandstillMs: 0, outboxStandstillMs: 0, longestRunMs: 60_000 };

test('an agent that is a little behind makes progress', () => {
  expect(standstill(moving)).toBeUndefined();
  const behind = { schedulerStandstillMs: standstillMaxMs, outboxStandstillMs: standstillMaxMs };
  expect(standstill({ ...moving, ...behind })).toBeUndefined();
});

test('runs may take every place for as long as they may take', () => {
  const late = { ...moving, schedulerStandstillMs: standstillMaxMs + 60_000 };
  expect(standstill(late)).toBeUndefined();
  expect(standstill({ ...late, longestRunMs: 59_000 })).toBe('the scheduler has not moved for 6m');
});

test('an outbox that leaves undone what is due stands still', () => {
  expect(standstill({ ...moving, outboxStandstillMs: standstillMaxMs + 1000 })).toBe(
    'the outbox has not moved for 5m 1s',
  );
});
