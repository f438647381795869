import { describe, expect, test } from 'vitest';
import { group } from '../../src/checks/group.ts';
import { notOk, ok, type CheckResult } from '../../src/model/result.ts';
import type { CheckView } from '../../src/model/view.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { openedCheck, valuesOf } from '../support/host-check.ts';

const fine = ok('fine');
const broken = notOk('critical', 'connect', 'connect refused');

const states: Record<string, CheckView> = {
  up: { phase: 'inactive', up: true, known: true, latest: fine },
  pending: { phase: 'pending', up: true, known: true, latest: broken },
  down: { phase: 'firing', up: false, known: true, latest: broken },
  recovering: { phase: 'firing', up: false, known: true, latest: fine },
  ailing: {
    phase: 'firing',
    up: true,
    known: true,
    latest: notOk('warning', 'threshold', 'memory is short'),
  },
  blind: {
    phase: 'inactive',
    up: true,
    known: false,
    latest: notOk('unknown', 'permission', 'may not look'),
  },
};

type Told = Partial<Pick<CheckResult, 'values' | 'facts' | 'findings'>>;

/** A group whose members are called after the state they are in, such as `up-1`. */
function opened(
  of: readonly string[],
  keys: Readonly<Record<string, unknown>> = {},
  told: Readonly<Record<string, Told>> = {},
  clock = createFakeClock(),
) {
  const check = (name: string): CheckView | undefined => {
    const state = states[name.split('-')[0] ?? ''];
    return state && { ...state, latest: { ...state.latest, ...told[name] } };
  };
  return openedCheck(group, { of: [...of], ...keys }, { view: { check }, clock });
}

describe('a group', () => {
  test.each([
    [['up-1', 'up-2'], {}, 'ok', '2 of 2 up'],
    [['up-1', 'pending-2'], {}, 'ok', '2 of 2 up'],
    [['up-1', 'ailing-2'], {}, 'ok', '2 of 2 up; in warning: ailing-2'],
    [['up-1', 'down-2'], {}, 'critical', '1 of 2 up; down: down-2, wanted at least 2'],
    [['up-1', 'recovering-2'], {}, 'critical', '1 of 2 up; down: recovering-2, wanted at least 2'],
    [['up-1', 'unseen-2'], {}, 'unknown', '1 of 2 up; not looked at yet: unseen-2'],
    [['up-1', 'blind-2'], {}, 'unknown', '1 of 2 up; cannot be looked at: blind-2'],
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
    [['up-1', 'up-2', 'blind-3'], { min_ok: 2 }, 'ok', '2 of 3 up; cannot be looked at: blind-3'],
    [
      ['up-1', 'down-2', 'down-3'],
      { min_ok: 2 },
      'critical',
      '1 of 3 up; down: down-2, down-3, wanted at least 2',
    ],
    [['up-1', 'down-2'], { exactly: 1 }, 'ok', '1 of 2 up; down: down-2'],
    [['up-1', 'up-2'], { exactly: 1 }, 'critical', '2 of 2 up (up-1, up-2), wanted exactly 1'],
    [
      ['down-1', 'down-2'],
      { exactly: 1 },
      'critical',
      '0 of 2 up; down: down-1, down-2, wanted exactly 1',
    ],
    [['up-1', 'unseen-2'], { exactly: 1 }, 'unknown', '1 of 2 up; not looked at yet: unseen-2'],
    [['down-1'], { exactly: 0 }, 'ok', '0 of 1 up; down: down-1'],
  ] as const)('of %j with %j is %s', async (of, keys, status, summary) => {
    expect(await opened(of, keys).run()).toMatchObject({ status, summary });
  });

  test('tells what its members say of themselves that are not well', async () => {
    const { detail } = await opened(['up-1', 'ailing-2', 'down-3', 'blind-4']).run();
    expect(detail).toEqual([
      'ailing-2: memory is short',
      'down-3: connect refused',
      'blind-4: may not look',
    ]);
  });

  test('refuses what cannot be', () => {
    const refuse = (keys: object) =>
      group.refuse?.({ of: ['a', 'b'], count: { kind: 'up' }, disagree: 'warning', ...keys });
    expect(refuse({ min_ok: 1, exactly: 1 })).toBe('min_ok and exactly exclude each other');
    expect(refuse({ min_ok: 3 })).toBe('3 members cannot be up, there are only 2');
    expect(refuse({ of: ['a', 'a'] })).toBe('of names a check twice');
    expect(refuse({ min_ok: 2 })).toBeUndefined();
    expect(() => opened(['up-1'], { count: { value: 'x', part: 'y' } })).toThrow('{ part: NAME }');
    expect(() => opened(['up-1'], { count: { value: 'x', within: 'many' } })).toThrow();
  });

  test('refers to its members', () => {
    expect(group.references?.({ of: ['a', 'b'] })).toEqual(['a', 'b']);
  });
});

const runsCron = (value: number): Told => ({ values: [{ metric: 'cron.enabled', value }] });
const leader = { count: { value: 'cron.enabled', as: 'running cron' }, exactly: 1 };
const three = ['up-1', 'up-2', 'up-3'] as const;

describe('a group that counts a figure of its members', () => {
  test('sees the one leader, by name, in words and in figures', async () => {
    const told = { 'up-1': runsCron(0), 'up-2': runsCron(1), 'up-3': runsCron(0) };
    const result = await opened(three, leader, told).run();
    expect(result).toMatchObject({ status: 'ok', summary: '1 of 3 running cron (up-2)' });
    expect(valuesOf(result)).toEqual({
      members: 3,
      members_up: 3,
      members_counted: 1,
      'counted up-1': 0,
      'counted up-2': 1,
      'counted up-3': 0,
    });
  });

  test.each([
    [
      'two leaders, with both named',
      three,
      { 'up-1': runsCron(1), 'up-2': runsCron(0), 'up-3': runsCron(1) },
      '2 of 3 running cron (up-1, up-3); not: up-2, wanted exactly 1',
    ],
    [
      'no leader, with nobody down',
      three,
      { 'up-1': runsCron(0), 'up-2': runsCron(0), 'up-3': runsCron(0) },
      '0 of 3 running cron; not: up-1, up-2, up-3, wanted exactly 1',
    ],
    [
      'no leader, since it is down and tells nothing any more',
      ['down-1', 'up-2', 'up-3'],
      { 'up-2': runsCron(0), 'up-3': runsCron(0) },
      '0 of 3 running cron; not: up-2, up-3; down: down-1, wanted exactly 1',
    ],
    [
      'two leaders, one of which is down and still runs jobs',
      ['down-1', 'up-2', 'up-3'],
      { 'down-1': runsCron(1), 'up-2': runsCron(1), 'up-3': runsCron(0) },
      '2 of 3 running cron (down-1, up-2); not: up-3, wanted exactly 1',
    ],
  ] as const)('is critical for %s', async (_, of, told, summary) => {
    expect(await opened(of, leader, told).run()).toMatchObject({
      status: 'critical',
      reason: 'threshold',
      summary,
    });
  });

  test('counts one that took over from one that is down', async () => {
    const told = { 'up-2': runsCron(1), 'up-3': runsCron(0) };
    expect(await opened(['down-1', 'up-2', 'up-3'], leader, told).run()).toMatchObject({
      status: 'ok',
      summary: '1 of 3 running cron (up-2); down: down-1',
    });
  });

  test('does not know while one that might decide tells nothing, and calls that a fault only later', async () => {
    const clock = createFakeClock();
    const told = { 'up-1': runsCron(0), 'up-2': runsCron(0) };
    const check = opened(three, leader, told, clock);
    const summary =
      '0 of 3 running cron; not: up-1, up-2; nothing is told of cron.enabled by: up-3';
    expect(await check.run()).toMatchObject({ status: 'unknown', reason: 'stale', summary });
    await clock.advance(10 * 60_000);
    expect(await check.run()).toMatchObject({ status: 'unknown', reason: 'missing', summary });
  });

  test('takes a range for what counts', async () => {
    const lag = (value: number): Told => ({ values: [{ metric: 'lag', value }] });
    const told = { 'up-1': lag(3), 'up-2': lag(30), 'up-3': lag(5) };
    const keys = { count: { value: 'lag', within: '0:5' }, min_ok: 1 };
    expect(await opened(three, keys, told).run()).toMatchObject({
      status: 'warning',
      summary: '2 of 3 with lag (up-1, up-3); not: up-2, 1 to spare',
    });
  });
});

describe('a group that counts a part of its members', () => {
  const part = (status: 'ok' | 'warning' | 'critical' | 'unknown', notSeen?: true): Told => ({
    findings: [
      { part: 'channels', status, summary: '', values: [], ...(notSeen ? { notSeen } : {}) },
    ],
  });

  test('counts those in which it was seen to be well', async () => {
    const keys = { count: { part: 'channels' }, min_ok: 1 };
    const judged = async (...told: readonly Told[]) =>
      opened(
        three,
        keys,
        Object.fromEntries(told.map((one, index) => [`up-${index + 1}`, one])),
      ).run();
    expect(await judged(part('ok'), part('warning'), part('critical'))).toMatchObject({
      status: 'warning',
      summary: '2 of 3 with channels well (up-1, up-2); not: up-3, 1 to spare',
    });
    expect(await judged(part('critical'), part('ok', true), part('unknown'))).toMatchObject({
      status: 'unknown',
      summary: '0 of 3 with channels well; not: up-1; nothing is told of channels by: up-2, up-3',
    });
  });
});

describe('a group whose members must agree', () => {
  const has = (version: string, jobs = 3): Told => ({
    facts: [{ name: 'version', text: version }],
    values: [{ metric: 'jobs', value: jobs }],
  });
  const agree = { agree: ['version', 'jobs'] };

  test('says on what', async () => {
    const told = { 'up-1': has('1.2'), 'up-2': has('1.2'), 'up-3': has('1.2') };
    const result = await opened(three, agree, told).run();
    expect(result).toMatchObject({ status: 'ok', summary: 'version is 1.2; jobs is 3' });
    expect(valuesOf(result)).toEqual({ 'agree version': 1, 'agree jobs': 1 });
  });

  test('names the one that differs from most', async () => {
    const told = { 'up-1': has('1.2'), 'up-2': has('1.1'), 'up-3': has('1.2', 2) };
    const result = await opened(three, { ...agree, disagree: 'critical' }, told).run();
    expect(result).toMatchObject({
      status: 'critical',
      reason: 'status',
      summary:
        'version differs: up-2 has 1.1; the other 2 have 1.2; jobs differs: up-3 has 2; the other 2 have 3',
    });
    expect(valuesOf(result)).toEqual({ 'agree version': 0, 'agree jobs': 0 });
  });

  test('names all where there is no majority', async () => {
    const told = { 'up-1': has('1.1'), 'up-2': has('1.2') };
    expect(await opened(['up-1', 'up-2'], { agree: ['version'] }, told).run()).toMatchObject({
      status: 'warning',
      summary: 'version differs: up-1 has 1.1; up-2 has 1.2',
    });
  });

  test('leaves out who is down, and is not sure of who cannot be seen', async () => {
    const told = { 'up-1': has('1.2'), 'up-2': has('1.2'), 'down-3': has('1.1') };
    const version = { agree: ['version'] };
    expect(await opened(['up-1', 'up-2', 'down-3'], version, told).run()).toMatchObject({
      status: 'ok',
      summary: 'version is 1.2',
    });
    expect(await opened(['up-1', 'up-2', 'blind-3'], version, told).run()).toMatchObject({
      status: 'unknown',
      summary: 'version cannot be compared: nobody could look at blind-3',
    });
    expect(await opened(['up-1', 'up-2', 'up-3'], version, told).run()).toMatchObject({
      status: 'unknown',
      summary: 'nothing is told of version by: up-3',
    });
    expect(await opened(['down-3'], version, told).run()).toMatchObject({
      status: 'unknown',
      summary: 'version cannot be compared: no member is up',
    });
  });

  test('is judged by how many are up only where that is said', async () => {
    const told = { 'up-1': has('1.2'), 'up-2': has('1.2') };
    const both = { agree: ['version'], min_ok: 3 };
    expect(await opened(['up-1', 'up-2', 'down-3'], both, told).run()).toMatchObject({
      status: 'critical',
      summary: '2 of 3 up; down: down-3, wanted at least 3',
      detail: ['down-3: connect refused'],
    });
  });
});
