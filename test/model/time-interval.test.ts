import { describe, expect, test } from 'vitest';
import { isLocation, isWithinRule, type TimeRule } from '../../src/model/time-interval.ts';
import type { WallMs } from '../../src/model/time.ts';

const at = (date: string): WallMs => Date.parse(date) as WallMs;

const single = (value: number) => [{ from: value, to: value }];

describe('AM-M01 a set of times', () => {
  const workHours: TimeRule = {
    times: [{ fromMinute: 9 * 60, beforeMinute: 17 * 60 }],
    weekdays: [{ from: 1, to: 5 }],
  };
  const endOfDay: TimeRule = { times: [{ fromMinute: 23 * 60, beforeMinute: 24 * 60 }] };
  const lastWeek: TimeRule = { daysOfMonth: [{ from: -7, to: -1 }] };
  const thirties: TimeRule = { daysOfMonth: [{ from: 30, to: 31 }] };
  const weekend: TimeRule = { weekdays: [...single(0), ...single(6)] };
  const summers: TimeRule = { months: [{ from: 6, to: 8 }], years: [{ from: 2030, to: 2031 }] };
  test.each<[string, TimeRule, string, boolean]>([
    ['nothing asked for is always', {}, '2030-01-01T00:00:00Z', true],
    ['a start belongs to it', workHours, '2030-07-08T09:00:00Z', true],
    ['the moment before does not', workHours, '2030-07-08T08:59:59.999Z', false],
    ['the last minute belongs to it', workHours, '2030-07-08T16:59:59Z', true],
    ['an end does not', workHours, '2030-07-08T17:00:00Z', false],
    ['all that is asked for must hold', workHours, '2030-07-07T12:00:00Z', false],
    ['24:00 reaches to the end of the day', endOfDay, '2030-07-07T23:59:59Z', true],
    ['and not into the next one', endOfDay, '2030-07-08T00:00:00Z', false],
    ['a week from the end of a long month', lastWeek, '2030-01-25T00:00:00Z', true],
    ['the day before it', lastWeek, '2030-01-24T23:59:59Z', false],
    ['a week from the end of a short month', lastWeek, '2030-02-22T00:00:00Z', true],
    ['the same day of a leap year', lastWeek, '2032-02-22T00:00:00Z', false],
    ['days a short month lacks', thirties, '2030-02-28T12:00:00Z', false],
    ['a range that a short month cuts off', thirties, '2030-04-30T12:00:00Z', true],
    ['and its next day', thirties, '2030-05-01T12:00:00Z', false],
    ['months and years', summers, '2031-08-31T23:59:59Z', true],
    ['another month', summers, '2031-09-01T00:00:00Z', false],
    ['another year', summers, '2032-07-01T00:00:00Z', false],
    ['one of several ranges', weekend, '2030-07-06T00:00:00Z', true],
    ['none of several ranges', weekend, '2030-07-05T00:00:00Z', false],
  ])('%s', (_, rule, date, expected) => {
    expect(isWithinRule(rule, at(date))).toBe(expected);
  });

  test.each<[number, number, string, boolean]>([
    [-31, -29, '2030-02-01', false],
    [-31, -28, '2030-02-01', true],
    [-31, -28, '2030-02-02', false],
    [-31, -31, '2030-01-01', true],
    [1, -1, '2030-02-28', true],
    [-1, -1, '2032-02-29', true],
    [-1, -1, '2032-02-28', false],
    [29, 31, '2030-03-01', false],
  ])('days %i to %i hold %s: %s', (from, to, day, expected) => {
    expect(isWithinRule({ daysOfMonth: [{ from, to }] }, at(`${day}T12:00:00Z`))).toBe(expected);
  });
});

describe('AM-M01 a place', () => {
  const times = [{ fromMinute: 9 * 60, beforeMinute: 10 * 60 }];
  const sydney = 'Australia/Sydney';
  const yearEnd = { months: single(12), years: single(2029), location: 'America/New_York' };
  test.each<[string, TimeRule, string, boolean]>([
    ['has its own hours', { times, location: sydney }, '2030-01-06T22:30:00Z', true],
    ['has its own days', { weekdays: single(1), location: sydney }, '2030-01-06T22:30:00Z', true],
    ['has its own month and year', yearEnd, '2030-01-01T04:59:59Z', true],
    ['and its own new year', yearEnd, '2030-01-01T05:00:00Z', false],
    [
      'has its own end of the month',
      { daysOfMonth: single(-1), location: 'Asia/Tokyo' },
      '2030-02-27T15:00:00Z',
      true,
    ],
    [
      'may be off by a quarter',
      { times, location: 'Asia/Kathmandu' },
      '2030-01-06T03:15:00Z',
      true,
    ],
    ['is UTC where none is named', { times }, '2030-01-06T09:30:00Z', true],
  ])('%s', (_, rule, date, expected) => {
    expect(isWithinRule(rule, at(date))).toBe(expected);
  });

  test('has no hour that a change of the clocks skips, and one twice that it repeats', () => {
    const rule: TimeRule = {
      times: [{ fromMinute: 2 * 60, beforeMinute: 3 * 60 }],
      location: 'Europe/Berlin',
    };
    const minutesOn = (day: string): number => {
      const start = Date.parse(`${day}T00:00:00Z`) - 2 * 3_600_000;
      const minutes = Array.from({ length: 24 * 60 }, (_, minute) => start + minute * 60_000);
      return minutes.filter((minute) => isWithinRule(rule, minute as WallMs)).length;
    };
    expect(minutesOn('2030-03-30')).toBe(60);
    expect(minutesOn('2030-03-31')).toBe(0);
    expect(minutesOn('2030-10-27')).toBe(120);
    expect(minutesOn('2030-10-28')).toBe(60);
  });

  test('may be that of this host', () => {
    const noon = new Date(2030, 5, 15, 12, 0).getTime();
    const rule: TimeRule = {
      times: [{ fromMinute: 720, beforeMinute: 721 }],
      daysOfMonth: single(15),
      location: 'Local',
    };
    expect(isWithinRule(rule, noon as WallMs)).toBe(true);
    expect(isWithinRule(rule, (noon + 60_000) as WallMs)).toBe(false);
  });

  test.each<[string, boolean]>([
    ['Europe/Berlin', true],
    ['UTC', true],
    ['Local', true],
    ['Etc/GMT+3', true],
    ['Europe/Berlyn', false],
    ['+02:00', false],
    ['', false],
  ])('%s is one: %s', (name, expected) => {
    expect(isLocation(name)).toBe(expected);
  });
});
