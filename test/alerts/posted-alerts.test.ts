import { describe, expect, test } from 'vitest';
import {
  alertOf,
  expired,
  merged,
  postedAlert,
  sameForRouting,
  type PostedAlert,
} from '../../src/alerts/posted-alerts.ts';
import type { WallMs } from '../../src/model/time.ts';
import { at } from '../support/routes.ts';

/** Seconds: when it is posted, and the times it gives. */
interface Written {
  readonly now: number;
  readonly starts?: number;
  readonly ends?: number;
  readonly note?: string;
}

const timeoutSeconds = 300;

function posted({ now, starts, ends, note = '' }: Written): PostedAlert {
  const post = {
    labels: { alertname: 'a', empty: '' },
    annotations: { note },
    generatorURL: '',
    ...(starts === undefined ? {} : { startsAt: at(starts).wallMs }),
    ...(ends === undefined ? {} : { endsAt: at(ends).wallMs }),
  };
  return postedAlert(post, at(now), timeoutSeconds * 1000);
}

/** Start, end, and whether it has ended, in seconds. */
function times({ startsAt, endsAt, ended }: PostedAlert): readonly [number, number, string] {
  const seconds = (wallMs: WallMs): number => (wallMs - at(0).wallMs) / 1000;
  return [seconds(startsAt), seconds(endsAt), ended ? 'ended' : 'fires'];
}

describe('a posted alert', () => {
  test.each<[string, Written, readonly [number, number, string]]>([
    ['without times it starts now and ends by timeout', { now: 10 }, [10, 310, 'fires']],
    ['with an end ahead it fires until then', { now: 10, ends: 20 }, [20, 20, 'fires']],
    ['with an end in the past it has ended', { now: 10, ends: 5 }, [5, 5, 'ended']],
    [
      'an end at this very moment is in the past',
      { now: 10, starts: 1, ends: 10 },
      [1, 10, 'ended'],
    ],
    ['a start in the future fires at once', { now: 10, starts: 20 }, [20, 310, 'fires']],
  ])('%s', (_, written, expected) => {
    expect(times(posted(written))).toEqual(expected);
  });
});

describe('two posts of one alert', () => {
  test.each<[string, Written, Written, readonly [number, number, string]]>([
    ['the earliest start and the later timeout hold', { now: 10 }, { now: 70 }, [10, 370, 'fires']],
    [
      'an earlier start that comes later holds as well',
      { now: 10, starts: 10, ends: 200 },
      { now: 20, starts: 5, ends: 150 },
      [5, 200, 'fires'],
    ],
    [
      'the later of two ends that were given holds',
      { now: 10, starts: 1, ends: 300 },
      { now: 20, starts: 1, ends: 200 },
      [1, 300, 'fires'],
    ],
    [
      'an end that was given wins over a later one by timeout',
      { now: 10, starts: 1 },
      { now: 20, starts: 5, ends: 60 },
      [1, 60, 'fires'],
    ],
    [
      'and a later timeout over an end that was given',
      { now: 10, starts: 1, ends: 60 },
      { now: 20, starts: 5 },
      [1, 320, 'fires'],
    ],
    [
      'an end ends it, whatever end was given before',
      { now: 10, starts: 1, ends: 300 },
      { now: 20, starts: 1, ends: 20 },
      [1, 20, 'ended'],
    ],
    [
      'the later of two ends in the past holds',
      { now: 20, starts: 1, ends: 15 },
      { now: 21, starts: 2, ends: 12 },
      [1, 15, 'ended'],
    ],
    [
      'after an end it begins anew',
      { now: 20, starts: 1, ends: 15 },
      { now: 30 },
      [30, 330, 'fires'],
    ],
    [
      'a sender that never saw the end goes on from its own start',
      { now: 20, starts: 1, ends: 15 },
      { now: 30, starts: 3, ends: 240 },
      [1, 240, 'fires'],
    ],
    [
      'the end of an earlier occurrence is old news',
      { now: 30, starts: 20, ends: 300 },
      { now: 31, starts: 1, ends: 15 },
      [20, 300, 'fires'],
    ],
  ])('%s', (_, first, second, expected) => {
    const both = merged(posted(first), posted(second), second.starts !== undefined);
    expect(times(both)).toEqual(expected);
    expect(both.labels).toEqual({ alertname: 'a' });
  });

  test('the annotations are those of the later post, also where it brings nothing else', () => {
    const both = merged(posted({ now: 1, note: '1' }), posted({ now: 2, note: '2' }), false);
    expect(both.annotations).toEqual({ note: '2' });
    expect(sameForRouting(posted({ now: 1, note: '1' }), both)).toBe(false);
  });

  test('when the date has stepped between them, the alert still began when it began', () => {
    const first = posted({ now: 10 });
    const jumped = { steadyMs: at(20).steadyMs, wallMs: (at(20).wallMs + 86_400_000) as WallMs };
    const labels = { alertname: 'a' };
    const second = postedAlert({ labels, annotations: {}, generatorURL: '' }, jumped, 300_000);
    expect(merged(first, second, false)).toMatchObject({
      startsAt: first.startsAt,
      expiresAt: at(320).steadyMs,
      ended: false,
    });
  });
});

test('an alert that nobody posts again has the end that was given, but never one ahead of the date', () => {
  const alert = posted({ now: 10, starts: 1, ends: 60 });
  expect(alertOf(alert)).not.toHaveProperty('endsAt');
  expect(alertOf(expired(alert, at(60)))).toMatchObject({ endsAt: at(60).wallMs });
  expect(expired(alert, at(40)).endsAt).toBe(at(40).wallMs);
  expect(expired(alert, at(-10)).endsAt).toBe(at(1).wallMs);
});
