import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { formatBytes, parseBytes } from '../../src/checks/host/bytes.ts';
import {
  capacityLimit,
  capacityReaches,
  createHold,
  judgeLimits,
  limitPhrase,
  parseCapacityLimit,
  percentLimit,
  refuseLimits,
} from '../../src/checks/threshold.ts';

const limit = (text: string) => v.parse(capacityLimit, text);
const gigabyte = 1e9;

describe('a limit on a capacity', () => {
  test.each([
    ['85%', { kind: 'used_percent', percent: 85 }],
    ['99.5 %', { kind: 'used_percent', percent: 99.5 }],
    ['5% free', { kind: 'used_percent', percent: 95 }],
    ['10GB free', { kind: 'free_bytes', bytes: 10 * gigabyte }],
    ['1.5 GiB free', { kind: 'free_bytes', bytes: 1.5 * 1024 ** 3 }],
    ['500mb Free', { kind: 'free_bytes', bytes: 5e8 }],
  ])('may be written %s', (text, meaning) => {
    expect(parseCapacityLimit(text)).toEqual({ ...meaning, text });
  });

  test.each(['', '85', '101%', '-1%', '10GB', 'free', '10 free', '10XB free', '1e3% free'])(
    'may not be written "%s"',
    (text) => {
      expect(parseCapacityLimit(text)).toBeUndefined();
      expect(v.safeParse(capacityLimit, text).issues?.[0].message).toContain('10GB free');
    },
  );

  test('is reached at the limit itself, from either side', () => {
    const capacity = { usedPercent: 85, freeBytes: 10 * gigabyte };
    expect(capacityReaches(capacity, limit('85%'))).toBe(true);
    expect(capacityReaches(capacity, limit('85.1%'))).toBe(false);
    expect(capacityReaches(capacity, limit('10GB free'))).toBe(true);
    expect(capacityReaches(capacity, limit('9.9GB free'))).toBe(false);
  });
});

describe('a share', () => {
  test('is a percentage', () => {
    expect(v.parse(percentLimit, '97.5%')).toEqual({ atLeast: 97.5, text: '97.5%' });
  });

  test.each(['97', 97, '120%', 'x%'])('is not %s', (value) => {
    expect(v.safeParse(percentLimit, value).issues?.[0].message).toBe('a share such as "90%"');
  });
});

describe('a figure', () => {
  const limits = { warning: limit('85%'), critical: limit('95%'), clear: limit('80%') };
  const at = (usedPercent: number, raisedBefore = false) =>
    judgeLimits(
      limits,
      (each) => capacityReaches({ usedPercent, freeBytes: 0 }, each),
      raisedBefore,
    );

  test('is judged by the worst limit that it reaches', () => {
    expect(at(84.9)).toEqual({ status: 'ok' });
    expect(at(85)).toMatchObject({ status: 'warning', limit: { text: '85%' } });
    expect(at(96)).toMatchObject({ status: 'critical', limit: { text: '95%' } });
  });

  test('stays raised until it is back past clear', () => {
    expect(at(82, true)).toMatchObject({ status: 'warning', held: true });
    expect(at(80, true)).toMatchObject({ status: 'warning', held: true });
    expect(at(79.9, true)).toEqual({ status: 'ok' });
    expect(at(82, false)).toEqual({ status: 'ok' });
  });

  test('says which limit decided', () => {
    expect(limitPhrase(at(96))).toBe(', limit 95%');
    expect(limitPhrase(at(82, true))).toBe(', not yet back past 80%');
    expect(limitPhrase(at(10))).toBe('');
  });
});

describe('clear holds a figure', () => {
  test('while the alert of its check fires, if it was over a limit before', () => {
    let firing = false;
    const hold = createHold('disk', { isFiring: () => firing });
    hold.note({ status: 'warning' });
    expect(hold.isHeld()).toBe(false);
    firing = true;
    expect(hold.isHeld()).toBe(true);
    hold.note({ status: 'ok' });
    expect(hold.isHeld()).toBe(false);
  });

  test('after a restart too, until it has been looked at', () => {
    const hold = createHold('disk', { isFiring: () => true });
    expect(hold.isHeld('/var')).toBe(true);
    hold.note({ status: 'ok' }, '/var');
    expect([hold.isHeld('/var'), hold.isHeld('/')]).toEqual([false, true]);
  });

  test('by the run before where there are no alerts', () => {
    const hold = createHold('disk', {});
    expect(hold.isHeld()).toBe(false);
    hold.note({ status: 'critical' });
    expect(hold.isHeld()).toBe(true);
  });
});

describe('limits that contradict each other', () => {
  test.each([
    [{ warning: '95%', critical: '85%' }, 'warning (95%) must be reached before critical (85%)'],
    [
      { warning: '5GB free', critical: '10GB free' },
      'warning (5GB free) must be reached before critical (10GB free)',
    ],
    [{ warning: '85%', critical: '5% free', clear: '90%' }, 'clear (90%) must lie before 85%'],
  ])('are refused: %j', (texts, message) => {
    const limits = Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [name, limit(text)]),
    );
    expect(refuseLimits(limits)).toBe(message);
  });

  test('are not sought among limits of different kinds', () => {
    expect(refuseLimits({ warning: limit('99%'), critical: limit('10GB free') })).toBeUndefined();
  });
});

describe('sizes', () => {
  test.each([
    [0, '0 B'],
    [812, '812 B'],
    [1900, '1.9 kB'],
    [999_999, '1 MB'],
    [1.9e9, '1.9 GB'],
    [50e9, '50 GB'],
    [9.96e12, '10 TB'],
  ])('%d is %s for people', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test('are read with a unit only', () => {
    expect(parseBytes('64 KiB')).toBe(65_536);
    expect(parseBytes('5B')).toBe(5);
    expect(parseBytes('5')).toBeUndefined();
  });
});
