import { describe, expect, test } from 'vitest';
import { isStalled, stalledAlert, type Unseen } from '../../src/alerts/stalled.ts';
import { spec } from '../support/policy.ts';
import { at } from '../support/routes.ts';

const unseen = (intervals: number, waitedSeconds: number): Unseen => ({
  since: at(0),
  intervals,
  waitedMs: waitedSeconds * 1000,
});
const every = (seconds: number, timeoutSeconds: number) =>
  spec({
    schedule: { kind: 'interval', intervalMs: seconds * 1000 },
    timeoutMs: timeoutSeconds * 1000,
  });

describe('a check is stalled', () => {
  test('after so many intervals, and never for 0', () => {
    expect(isStalled(every(30, 10), unseen(2, 89), 3)).toBe(false);
    expect(isStalled(every(30, 10), unseen(3, 90), 3)).toBe(true);
    expect(isStalled(every(30, 10), unseen(99, 9999), 0)).toBe(false);
  });

  test('not before a run could have begun late and taken all of its time', () => {
    expect(isStalled(every(60, 60), unseen(1, 129), 1)).toBe(false);
    expect(isStalled(every(60, 60), unseen(2, 130), 1)).toBe(true);
  });

  test('not within half a minute, however short its interval is', () => {
    expect(isStalled(every(1, 1), unseen(29, 29), 3)).toBe(false);
    expect(isStalled(every(1, 1), unseen(30, 30), 3)).toBe(true);
  });

  test('by cron once a run after its time could have ended', () => {
    const cron = spec({ schedule: { kind: 'cron', expression: '0 * * * *' }, timeoutMs: 60_000 });
    expect(isStalled(cron, unseen(1, 69), 1)).toBe(false);
    expect(isStalled(cron, unseen(1, 70), 1)).toBe(true);
  });
});

describe('the alert about it', () => {
  const origin = { labels: { host: 'web-1', env: 'test' }, generatorURL: 'http://web-1:9860' };
  const check = spec({
    labels: { team: 'web', severity: 'ignored' },
    annotations: { runbook_url: 'https://example.com/r', summary: 'The gateway!' },
    dependsOn: ['router'],
  });

  test('has the labels of the check under a name of its own, and says since when and why', () => {
    const alert = stalledAlert(check, origin, { ...unseen(3, 90), said: 'may not look' });
    expect(alert).toMatchObject({
      labels: {
        alertname: 'gateway stalled',
        check: 'gateway',
        env: 'test',
        host: 'web-1',
        severity: 'warning',
        target: 'http://127.0.0.1:18789/health',
        team: 'web',
        type: 'http',
      },
      annotations: {
        summary: 'gateway is not being looked at on web-1',
        description:
          'tocsin has not been able to look at gateway since 2025-01-15 00:00 UTC (3 intervals): ' +
          'the latest run says: may not look',
        runbook_url: 'https://example.com/r',
      },
      startsAt: at(0).wallMs,
      dependsOn: ['router'],
    });
  });

  test('says when no run has ended, and counts one interval as one', () => {
    const { annotations } = stalledAlert(spec(), { ...origin, labels: {} }, unseen(1, 60));
    expect(annotations).toEqual({
      summary: 'gateway is not being looked at',
      description:
        'tocsin has not been able to look at gateway since 2025-01-15 00:00 UTC (1 interval): ' +
        'no run has ended',
    });
  });
});
