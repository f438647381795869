import { describe, expect, test } from 'vitest';
import { initialState } from '../../src/alerts/debounce.ts';
import { failingParent } from '../../src/alerts/dependencies.ts';
import {
  advance,
  newTrack,
  relabel,
  withdraw,
  worthSaving,
  type Track,
} from '../../src/alerts/track.ts';
import type { Alert, AlertPhase } from '../../src/model/alert.ts';
import type { CheckSpec } from '../../src/model/check.ts';
import { notOk, ok, type CheckResult } from '../../src/model/result.ts';
import { policy, spec } from '../support/policy.ts';
import { at, firing } from '../support/routes.ts';

const origin = {
  labels: { host: 'web-1', env: 'production', severity: 'ignored' },
  generatorURL: 'http://web-1:9860',
  watchedSince: at(0),
};

const down = notOk('critical', 'status', 'HTTP 502, wanted 200', {
  detail: ['body: oops'],
  values: [
    { metric: 'response_time', value: 0.2, unit: 's' },
    { metric: 'used', value: 97, unit: '%', critical: '95%' },
  ],
});
const slow = notOk('warning', 'threshold', 'slow: 3s, limit 2s');

/** Takes results in, one a second; gives the track and what routing heard, each as `+name/severity`. */
function live(check: CheckSpec, results: readonly CheckResult[], from: Track = newTrack) {
  let track = from;
  const heard: Alert[][] = [];
  for (const [index, found] of results.entries()) {
    const result = { ...found, check: check.name, startedAt: at(index), durationMs: 1 };
    const advanced = advance(track, result, check, origin, at(index));
    track = advanced.track;
    heard.push([...advanced.offers]);
  }
  const words = heard.map((offers) =>
    offers.map(({ endsAt, labels }) => `${endsAt === undefined ? '+' : '-'}${labels['severity']}`),
  );
  return { track, heard, words };
}

describe('the track of a check', () => {
  test('offers an alert when it fires, keeps it fresh, and ends it', () => {
    const { words, track } = live(spec(), [ok('fine'), down, down, ok('fine'), ok('fine')]);
    expect(words).toEqual([[], ['+critical'], ['+critical'], ['-critical'], []]);
    expect(track.alert).toBeUndefined();
  });

  test('the alert carries the labels of agent and check, and the fixed ones win', () => {
    const check = spec({ labels: { env: 'test', service: 'openclaw', alertname: 'no' } });
    const { track } = live(check, [down]);
    expect(track.alert?.labels).toEqual({
      alertname: 'gateway',
      check: 'gateway',
      env: 'test',
      host: 'web-1',
      service: 'openclaw',
      severity: 'critical',
      target: 'http://127.0.0.1:18789/health',
      type: 'http',
    });
  });

  test('annotations say what, why and with which limits; the configured ones win', () => {
    const check = spec({ annotations: { summary: 'The gateway!', runbook_url: 'https://x' } });
    expect(live(check, [down]).track.alert?.annotations).toEqual({
      summary: 'The gateway!',
      description: 'HTTP 502, wanted 200',
      reason: 'status',
      values: 'used=97%',
      runbook_url: 'https://x',
    });
  });

  test.each<[Partial<CheckSpec>, CheckResult, string]>([
    [{}, down, 'gateway is down on web-1'],
    [{}, slow, 'gateway needs attention on web-1'],
    [{ severity: 'warning' }, down, 'gateway needs attention on web-1'],
    [{ type: 'disk' }, down, 'gateway is critical on web-1'],
  ])('only what is down is called so: %j', (changes, result, summary) => {
    const check = spec(changes);
    expect(live(check, [result]).track.alert?.annotations['summary']).toBe(summary);
  });

  test('a first success while firing leaves the reason of the failure in the alert', () => {
    const check = spec({ debounce: policy({ recoverAfter: 2 }) });
    const { track } = live(check, [down, ok('fine')]);
    expect(track.alert?.annotations['description']).toBe('HTTP 502, wanted 200');
    expect(track.alert?.detail).toEqual(['body: oops']);
  });

  test('the end says how it is now, and when it began stays', () => {
    const { heard } = live(spec(), [down, down, ok('HTTP 200 in 5ms')]);
    expect(heard[2]?.[0]).toMatchObject({
      startsAt: at(0).wallMs,
      endsAt: at(2).wallMs,
      annotations: { resolved: 'HTTP 200 in 5ms', description: 'HTTP 502, wanted 200' },
    });
  });

  test('another severity ends the old alert in favour of the new one, which began when it began', () => {
    const { heard, words } = live(spec(), [slow, down]);
    expect(words).toEqual([['+warning'], ['-warning', '+critical']]);
    const [old, next] = heard[1] ?? [];
    expect(old?.supersededBy).toEqual({ fingerprint: next?.fingerprint, severity: 'critical' });
    expect(next?.startsAt).toBe(at(0).wallMs);
  });

  test('flapping is told once as something new about the same alert', () => {
    const flap = { window: 4, high: 1, low: 0.3 };
    const check = spec({ debounce: policy({ flap }) });
    const { heard } = live(check, [down, ok('fine'), down, ok('fine'), down]);
    const last = heard.at(-1)?.at(-1);
    expect(last?.annotations).toMatchObject({
      flapping: 'true',
      summary: 'gateway is flapping on web-1',
      description: 'keeps changing between up and down; at the moment: HTTP 502, wanted 200',
    });
  });

  test('unknown neither begins nor ends nor changes an alert', () => {
    const unknown = notOk('unknown', 'permission', 'may not look');
    expect(live(spec(), [unknown, down, unknown]).words).toEqual([[], ['+critical'], []]);
  });

  test('failures within the start period say nothing', () => {
    const check = spec({ startPeriodMs: 2000 });
    expect(live(check, [down, down, down]).words).toEqual([[], [], ['+critical']]);
  });

  test('a sound check that stays sound need not be saved; anything else must be', () => {
    const sound = live(spec(), [ok('a'), ok('b')]).track;
    expect(worthSaving(sound, live(spec(), [ok('c')], sound).track)).toBe(false);
    expect(worthSaving(newTrack, sound)).toBe(true);
    expect(worthSaving(sound, live(spec(), [down], sound).track)).toBe(true);
  });
});

describe('a changed configuration', () => {
  const { track } = live(spec(), [down]);

  test('gives a firing alert its new labels, as the same alert', () => {
    const moved = relabel(track, spec({ labels: { team: 'web' } }), origin, at(9));
    expect(moved.offers).toEqual([]);
    expect(moved.track.alert?.labels).toMatchObject({ team: 'web', severity: 'critical' });
    expect(moved.alert).toBe(moved.track.alert);
    expect(moved.track.alert?.startsAt).toBe(track.alert?.startsAt);
  });

  test('that changes the severity supersedes the alert', () => {
    const moved = relabel(track, spec({ severity: 'warning' }), origin, at(9));
    expect(moved.alert?.labels['severity']).toBe('critical');
    expect(moved.offers.map(({ labels, endsAt }) => [labels['severity'], endsAt])).toEqual([
      ['critical', at(9).wallMs],
      ['warning', undefined],
    ]);
  });

  test('that removes the check ends its alert and says why', () => {
    const gone = withdraw(firing({ alertname: 'a' }), at(9));
    expect(gone).toMatchObject({ withdrawn: true, endsAt: at(9).wallMs });
    expect(gone.annotations['resolved']).toMatch(/^no longer watched/);
  });
});

test('an alert waits for a parent that fires, or is about to', () => {
  const phases: Record<string, AlertPhase> = { up: 'inactive', soon: 'pending', gone: 'firing' };
  const parentOf = (...dependsOn: string[]) =>
    failingParent(firing({}, { dependsOn }), {
      stateOf: (name) => {
        const phase = phases[name];
        return phase === undefined ? undefined : { ...initialState, phase };
      },
      latestOf: () => undefined,
      parentsOf: (name) => (name === 'up' ? ['gone'] : []),
    });
  expect(parentOf()).toBeUndefined();
  expect(parentOf('unheard of')).toBeUndefined();
  expect(parentOf('up')).toBe('gone');
  expect(parentOf('up', 'soon')).toBe('soon');
  expect(parentOf('gone')).toBe('gone');
});
