import { describe, expect, test } from 'vitest';
import { group } from '../../src/checks/group.ts';
import type { CheckView } from '../../src/model/view.ts';
import { openedCheck } from '../support/host-check.ts';

const views: Record<string, CheckView> = {
  up: { status: 'ok', phase: 'inactive', up: true },
  pending: { status: 'critical', phase: 'pending', up: true },
  down: { status: 'critical', phase: 'firing', up: false },
  unseen: { status: 'unknown', phase: 'inactive', up: false },
};

/** A group whose members are called after the state they are in, such as `up-1`. */
const judged = async (of: readonly string[], keys: Readonly<Record<string, number>> = {}) =>
  openedCheck(
    group,
    { of: [...of], ...keys },
    { view: { check: (name) => views[name.split('-')[0] ?? ''] } },
  ).run();

describe('a group', () => {
  test.each([
    [['up-1', 'up-2'], {}, 'ok', '2 of 2 up'],
    [['up-1', 'pending-2'], {}, 'ok', '2 of 2 up'],
    [['up-1', 'down-2'], {}, 'critical', '1 of 2 up; down: down-2, wanted at least 2'],
    [['up-1', 'unseen-2'], {}, 'unknown', '1 of 2 up; not looked at yet: unseen-2'],
    [
      ['down-1', 'never'],
      {},
      'critical',
      '0 of 2 up; down: down-1; not looked at yet: never, wanted at least 2',
    ],
    [
      ['up-1', 'up-2', 'down-3'],
      { min_ok: 2 },
      'warning',
      '2 of 3 up; down: down-3, no spare left',
    ],
    [['up-1', 'up-2', 'down-3'], { min_ok: 1 }, 'warning', '2 of 3 up; down: down-3, 1 to spare'],
    [['up-1', 'up-2', 'unseen-3'], { min_ok: 2 }, 'ok', '2 of 3 up; not looked at yet: unseen-3'],
    [
      ['up-1', 'down-2', 'down-3'],
      { min_ok: 2 },
      'critical',
      '1 of 3 up; down: down-2, down-3, wanted at least 2',
    ],
    [['up-1', 'down-2'], { exactly: 1 }, 'ok', '1 of 2 up; down: down-2'],
    [['up-1', 'up-2'], { exactly: 1 }, 'critical', '2 of 2 up, wanted exactly 1'],
    [
      ['down-1', 'down-2'],
      { exactly: 1 },
      'critical',
      '0 of 2 up; down: down-1, down-2, wanted exactly 1',
    ],
    [['up-1', 'unseen-2'], { exactly: 1 }, 'unknown', '1 of 2 up; not looked at yet: unseen-2'],
    [['down-1'], { exactly: 0 }, 'ok', '0 of 1 up; down: down-1'],
  ] as const)('of %j with %j is %s', async (of, keys, status, summary) => {
    expect(await judged(of, keys)).toMatchObject({ status, summary });
  });

  test('refuses what cannot be', () => {
    const refuse = (keys: object) => group.refuse?.({ of: ['a', 'b'], ...keys });
    expect(refuse({ min_ok: 1, exactly: 1 })).toBe('min_ok and exactly exclude each other');
    expect(refuse({ min_ok: 3 })).toBe('3 members cannot be up, there are only 2');
    expect(refuse({ of: ['a', 'a'] })).toBe('of names a check twice');
    expect(refuse({ min_ok: 2 })).toBeUndefined();
  });

  test('refers to its members', () => {
    expect(group.references?.({ of: ['a', 'b'] })).toEqual(['a', 'b']);
  });
});
