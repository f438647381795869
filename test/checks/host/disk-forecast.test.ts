import { describe, expect, test } from 'vitest';
import {
  forecastOf,
  withSample,
  type UsageSample,
} from '../../../src/checks/host/disk-forecast.ts';
import { forecastSamplesMax } from '../../../src/model/limits.ts';

const minute = 60_000;
const gigabyte = 1e9;

/** A file system of 100 GB, looked at every two minutes; `used` gives gigabytes at a minute. */
function watched(minutes: number, used: (minute: number) => number) {
  let samples: readonly UsageSample[] = [];
  for (let at = 0; at <= minutes; at += 2) {
    samples = withSample(samples, used(at) * gigabyte, at * minute);
  }
  const freeBytes = (100 - used(minutes)) * gigabyte;
  return forecastOf(samples, { freeBytes, totalBytes: 100 * gigabyte }, minutes * minute);
}

/** The same pseudo-random figures in each run, 0 to 1. */
function noise(): () => number {
  let state = 42;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

const hours = (found: ReturnType<typeof watched>) => (found?.fullInMs ?? Number.NaN) / 3_600_000;

describe('a disk is foreseen to be full', () => {
  test('when it grows evenly, by a gigabyte an hour', () => {
    expect(hours(watched(360, (at) => 60 + at / 60))).toBeCloseTo(34);
  });

  test('soon after it begins to fill fast, though it was quiet for hours', () => {
    const filling = (at: number) => (at < 300 ? 50 : 50 + (at - 300) / 2);
    const found = watched(330, filling);
    expect(hours(found)).toBeCloseTo((100 - 65) / 30, 0);
    expect(found?.windowMs).toBe(30 * minute);
  });

  test('when growth is uneven but goes on', () => {
    const random = noise();
    expect(hours(watched(360, (at) => 60 + at / 60 + random() * 0.5))).toBeCloseTo(34, -1);
  });

  test('when it grows in steps', () => {
    expect(hours(watched(360, (at) => 60 + Math.floor(at / 30)))).toBeCloseTo(14, -1);
  });
});

describe('a disk is not foreseen to be full', () => {
  const random = noise();
  test.each([
    ['while it is quiet', () => 60],
    ['by noise', () => 60 + random() * 3],
    ['by one large file', (at: number) => (at < 350 ? 60 : 75)],
    ['once it grows no more', (at: number) => (at < 200 ? 40 + at / 10 : 60)],
    ['while it shrinks', (at: number) => 90 - at / 60],
    ['by files that come and go', (at: number) => 60 + (at % 40 < 20 ? 0 : 5)],
    ['by what comes and goes far more than it grows', (at: number) => 60 + at / 60 + (at % 60) / 3],
    ['by a little growth', (at: number) => 60 + at / 3000],
  ])('%s', (_, used) => {
    expect(watched(360, used)).toBeUndefined();
  });

  test('from less than it takes to draw a line so far', () => {
    expect(watched(12, (at) => 60 + at / 10)).toBeUndefined();
    expect(watched(30, (at) => 60 + at / 60)).toBeUndefined();
  });
});

test('Looks are few, of the last hours, and none from the future', () => {
  let samples: readonly UsageSample[] = [];
  for (let at = 0; at < 1000; at += 0.5) samples = withSample(samples, at, at * minute);
  expect(samples.length).toBeLessThanOrEqual(forecastSamplesMax);
  expect(samples[0]?.[0]).toBeGreaterThanOrEqual(639 * minute);
  expect(withSample(samples, 1, 700 * minute).at(-1)?.[0]).toBe(700 * minute);
});
