import { describe, expect, test } from 'vitest';
import type { Acknowledgement } from '../../src/model/acknowledgement.ts';
import { alertStatus } from '../../src/model/alert.ts';
import type { Route } from '../../src/model/route.ts';
import { Dispatcher } from '../../src/routing/dispatcher.ts';
import type { MuteOf } from '../../src/routing/mute.ts';
import type { RoutingTable, SavedRouting } from '../../src/routing/state.ts';
import { at, ended, firing, receiver, route, webhook } from '../support/routes.ts';

const empty: SavedRouting = { groups: [], log: new Map() };
const steps = [
  { afterMs: 900_000, receiver: 'oncall' },
  { afterMs: 1_800_000, receiver: 'boss' },
];

function table(changes: Partial<Route> = {}): RoutingTable {
  return {
    root: route({ escalate: steps, ...changes }),
    receivers: [receiver('team'), receiver('oncall'), receiver('boss')],
    origin: 'x',
  };
}

const a = firing({ alertname: 'a' });
const b = firing({ alertname: 'b' });
const byParent: MuteOf = () => ({ reason: 'dependency', by: 'uplink' });

/** Lives from one second to another, looking whenever something is due; `12s oncall: escalated: +a`. */
function live(
  dispatcher: Dispatcher,
  from: number,
  to: number,
  options: { readonly muteOf?: MuteOf; readonly acknowledged?: readonly string[] } = {},
): string[] {
  const told: string[] = [];
  const taken = (fingerprint: string): Acknowledgement | undefined =>
    options.acknowledged?.includes(fingerprint)
      ? { fingerprint, by: 'me', comment: '', at: at(0).wallMs }
      : undefined;
  for (let second = from; second <= to; second += 1) {
    const due = dispatcher.nextFlushAt();
    if (due === undefined || due > at(second).steadyMs) continue;
    const { planned } = dispatcher.flush(at(second), options.muteOf ?? (() => undefined), taken);
    for (const { notification } of planned) {
      const about = notification.alerts.map(
        (one) => `${alertStatus(one) === 'firing' ? '+' : '-'}${one.labels['alertname']}`,
      );
      told.push(`${second}s ${notification.receiver}: ${notification.reason}: ${about.join(' ')}`);
    }
  }
  return told;
}

describe('an escalation', () => {
  test('tells each step once, counted from the first message, and the end to everybody', () => {
    const dispatcher = new Dispatcher(table(), empty, at(0));
    dispatcher.offer(a, at(0));
    expect(live(dispatcher, 0, 4000)).toEqual([
      '10s team: first notification: +a',
      '910s oncall: escalated: +a',
      '1810s boss: escalated: +a',
    ]);
    dispatcher.offer(ended(a, 4000), at(4000));
    expect(
      live(dispatcher, 4001, 4100)
        .map((line) => line.replace(/^\d+s /, ''))
        .toSorted(),
    ).toEqual([
      'boss: all alerts resolved: -a',
      'oncall: all alerts resolved: -a',
      'team: all alerts resolved: -a',
    ]);
    expect([dispatcher.groups(), dispatcher.save().log.size]).toEqual([[], 0]);
  });

  test('does not tell those of the later steps what ended before', () => {
    const dispatcher = new Dispatcher(table(), empty, at(0));
    dispatcher.offer(a, at(0));
    live(dispatcher, 0, 1000);
    dispatcher.offer(ended(a, 1000), at(1000));
    const told = live(dispatcher, 1001, 4000);
    expect(told.filter((line) => line.includes('boss'))).toEqual([]);
    expect(told).toHaveLength(2);
  });

  test('stops while somebody has taken it on', () => {
    const dispatcher = new Dispatcher(table(), empty, at(0));
    dispatcher.offer(a, at(0));
    live(dispatcher, 0, 1000);
    expect(live(dispatcher, 1001, 9000, { acknowledged: [a.fingerprint] })).toEqual([]);
  });

  test('waits while the alert is muted, and is not counted before it was told', () => {
    const dispatcher = new Dispatcher(table(), empty, at(0));
    dispatcher.offer(a, at(0));
    expect(live(dispatcher, 0, 500, { muteOf: byParent })).toEqual([]);
    expect(live(dispatcher, 501, 1400)).toEqual(['550s team: first notification: +a']);
    expect(live(dispatcher, 1401, 1600, { muteOf: byParent })).toEqual([]);
    expect(live(dispatcher, 1601, 1700)).toEqual(['1630s oncall: escalated: +a']);
  });

  test('counts each alert of a group by itself', () => {
    const dispatcher = new Dispatcher(table(), empty, at(0));
    dispatcher.offer(a, at(0));
    live(dispatcher, 0, 300);
    dispatcher.offer(b, at(301));
    const told = live(dispatcher, 301, 1500).filter((line) => line.includes('oncall'));
    expect(told).toEqual(['910s oncall: escalated: +a', '1210s oncall: escalated: +b']);
  });

  test('goes on across restarts and reloads, each step once', () => {
    let dispatcher = new Dispatcher(table(), empty, at(0));
    dispatcher.offer(a, at(0));
    const told: string[] = [];
    for (let second = 0; second < 3000; second += 97) {
      told.push(...live(dispatcher, second, second + 96));
      const saved = structuredClone(dispatcher.save());
      const grouped = table({ groupBy: second % 2 === 0 ? ['alertname'] : [] });
      dispatcher = new Dispatcher(grouped, saved, at(second + 96));
    }
    expect(told).toEqual([
      '10s team: first notification: +a',
      '910s oncall: escalated: +a',
      '1810s boss: escalated: +a',
    ]);
    dispatcher.offer(ended(a, 3010), at(3010));
    expect(live(dispatcher, 3011, 3200)).toHaveLength(3);
    expect([dispatcher.groups(), dispatcher.save().log.size]).toEqual([[], 0]);
  });

  test('a reload that takes the steps away still tells the end to whoever was called', () => {
    const before = new Dispatcher(table(), empty, at(0));
    before.offer(a, at(0));
    live(before, 0, 1000);
    const after = new Dispatcher(table({ escalate: [] }), before.save(), at(1001));
    expect(live(after, 1001, 4000)).toEqual([]);
    after.offer(ended(a, 4000), at(4000));
    expect(live(after, 4001, 4100)).toHaveLength(2);
  });

  test('an alert that changes its severity stays with whoever was called', () => {
    const dispatcher = new Dispatcher(table(), empty, at(0));
    const warning = firing({ alertname: 'a', severity: 'warning' });
    const critical = firing({ alertname: 'a', severity: 'critical' });
    dispatcher.offer(warning, at(0));
    live(dispatcher, 0, 1000);
    const { fingerprint } = critical;
    const gone = { ...ended(warning, 1000), supersededBy: { fingerprint, severity: 'critical' } };
    dispatcher.offer(gone, at(1000));
    dispatcher.offer(critical, at(1000));
    const told = live(dispatcher, 1001, 1500).filter((line) => line.includes('oncall'));
    expect(told.map((line) => line.replace(/^\d+s /, ''))).toEqual(['oncall: escalated: +a -a']);
    dispatcher.offer(ended(critical, 1500), at(1500));
    const end = live(dispatcher, 1501, 1600).filter((line) => line.includes('oncall'));
    expect(end.map((line) => line.replace(/^\d+s /, ''))).toEqual([
      'oncall: all alerts resolved: -a',
    ]);
  });
});

describe('reminders', () => {
  const hourly = { repeatIntervalMs: 60_000, groupIntervalMs: 10_000, escalate: [] };

  test('grow by their factor up to the longest interval, and begin anew with a new alert', () => {
    const growing = table({ ...hourly, repeatFactor: 2, repeatIntervalMaxMs: 200_000 });
    const dispatcher = new Dispatcher(growing, empty, at(0));
    dispatcher.offer(a, at(0));
    expect(live(dispatcher, 0, 800).map((line) => line.split(' ')[0])).toEqual([
      '10s',
      '70s',
      '190s',
      '390s',
      '590s',
      '790s',
    ]);
    dispatcher.offer(b, at(805));
    expect(live(dispatcher, 801, 1000)).toEqual([
      '810s team: new alerts added: +a +b',
      '870s team: repeat interval elapsed: +a +b',
      '990s team: repeat interval elapsed: +a +b',
    ]);
  });

  test('go on growing across a restart', () => {
    const growing = table({ ...hourly, repeatFactor: 2 });
    const before = new Dispatcher(growing, empty, at(0));
    before.offer(a, at(0));
    live(before, 0, 200);
    const after = new Dispatcher(growing, structuredClone(before.save()), at(201));
    expect(live(after, 201, 500).map((line) => line.split(' ')[0])).toEqual(['430s']);
  });

  test('stay away while all that fires is taken on, and this is reported once', () => {
    const dispatcher = new Dispatcher(table(hourly), empty, at(0));
    dispatcher.offer(a, at(0));
    live(dispatcher, 0, 20);
    const taken = (): Acknowledgement => ({
      fingerprint: a.fingerprint,
      by: 'me',
      comment: '',
      at: at(0).wallMs,
    });
    const looks = [70, 130, 190].map((s) => dispatcher.flush(at(s), () => undefined, taken));
    expect(looks.flatMap(({ planned }) => planned)).toEqual([]);
    expect(
      looks.flatMap(({ suppressed }) => suppressed.map(({ reason, by }) => `${reason} ${by}`)),
    ).toEqual(['acknowledged me']);
    expect(live(dispatcher, 200, 300, { acknowledged: [a.fingerprint] })).toEqual([]);
    dispatcher.offer(b, at(301));
    expect(live(dispatcher, 301, 320, { acknowledged: [a.fingerprint] })).toEqual([
      '310s team: new alerts added: +a +b',
    ]);
    dispatcher.offer(ended(a, 330), at(330));
    dispatcher.offer(ended(b, 330), at(330));
    expect(live(dispatcher, 330, 345, { acknowledged: [a.fingerprint] })).toEqual([
      '330s team: all alerts resolved: -a -b',
    ]);
  });

  test('one incident an alert: only of those that nobody has taken on', () => {
    const pager = webhook({ integration: 'pagerduty', splitsAlerts: true });
    const split = { ...table(hourly), receivers: [receiver('team', pager)] };
    const dispatcher = new Dispatcher(split, empty, at(0));
    dispatcher.offer(a, at(0));
    dispatcher.offer(b, at(0));
    live(dispatcher, 0, 20);
    expect(live(dispatcher, 21, 80, { acknowledged: [a.fingerprint] })).toEqual([
      '70s team: repeat interval elapsed: +b',
    ]);
  });
});

describe('that somebody has taken an alert on', () => {
  const ack =
    (...fingerprints: string[]) =>
    (fingerprint: string): Acknowledgement | undefined =>
      fingerprints.includes(fingerprint)
        ? { fingerprint, by: 'me', comment: '', at: at(0).wallMs }
        : undefined;

  test('hears who was told and wants to: one incident an alert', () => {
    const pager = webhook({
      integration: 'pagerduty',
      splitsAlerts: true,
      tellsAcknowledgement: true,
    });
    const split = { ...table(), receivers: [receiver('team', pager, webhook())] };
    const dispatcher = new Dispatcher(split, empty, at(0));
    dispatcher.offer(a, at(0));
    dispatcher.offer(b, at(0));
    expect(dispatcher.acknowledge(new Set([a.fingerprint]), ack(a.fingerprint))).toEqual([]);
    const opened = dispatcher.flush(at(10), () => undefined).planned;
    const told = dispatcher.acknowledge(new Set([a.fingerprint]), ack(a.fingerprint));
    expect(told).toHaveLength(1);
    const [message] = told;
    expect(message?.notification).toMatchObject({
      reason: 'acknowledged',
      acknowledgedBy: 'me',
      status: 'firing',
      alerts: [{ labels: { alertname: 'a' } }],
    });
    expect(message?.dedupKey).toBe(opened[0]?.dedupKey);
  });

  test('one incident for many: only once all of them are taken on', () => {
    const slack = webhook({ integration: 'slack', tellsAcknowledgement: true });
    const together = { ...table(), receivers: [receiver('team', slack)] };
    const dispatcher = new Dispatcher(together, empty, at(0));
    dispatcher.offer(a, at(0));
    dispatcher.offer(b, at(0));
    const [opened] = dispatcher.flush(at(10), () => undefined).planned;
    expect(dispatcher.acknowledge(new Set([a.fingerprint]), ack(a.fingerprint))).toEqual([]);
    const told = dispatcher.acknowledge(
      new Set([b.fingerprint]),
      ack(a.fingerprint, b.fingerprint),
    );
    expect(told.map(({ dedupKey }) => dedupKey)).toEqual([opened?.dedupKey]);
    expect(told[0]?.notification.alerts).toHaveLength(2);
  });
});
