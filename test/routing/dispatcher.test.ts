import { describe, expect, test } from 'vitest';
import type { Alert } from '../../src/model/alert.ts';
import { alertStatus } from '../../src/model/alert.ts';
import type { Instant } from '../../src/model/time.ts';
import { headline } from '../../src/notify/summary.ts';
import { Dispatcher } from '../../src/routing/dispatcher.ts';
import type { MuteOf } from '../../src/routing/mute.ts';
import { groupsFromRows } from '../../src/routing/saved-rows.ts';
import type { RoutingTable, SavedRouting } from '../../src/routing/state.ts';
import { at, ended, equal, firing, receiver, route, webhook } from '../support/routes.ts';

const empty: SavedRouting = { groups: [], log: new Map() };
const team: RoutingTable = { root: route(), receivers: [receiver('team')], origin: 'web-1' };

const a = firing({ alertname: 'a' });
const b = firing({ alertname: 'b' });

const byParent = { reason: 'dependency', by: 'uplink' } as const;

function never(): never {
  throw new Error('nothing was planned');
}

/** What is sent at this moment: `receiver: reason: +firing -resolved`. */
function flush(dispatcher: Dispatcher, now: Instant, muted: MuteOf = () => undefined): string[] {
  return dispatcher.flush(now, muted).planned.map(({ notification }) => {
    const alerts = notification.alerts.map(
      (alert) => `${alertStatus(alert) === 'firing' ? '+' : '-'}${alert.labels['alertname']}`,
    );
    return `${notification.receiver}: ${notification.reason}: ${alerts.join(' ')}`;
  });
}

describe('the dispatcher', () => {
  test('a new group waits, then looks every interval', () => {
    const dispatcher = new Dispatcher(team, empty, at(0));
    dispatcher.offer(a, at(0));
    expect(flush(dispatcher, at(9))).toEqual([]);
    dispatcher.offer(b, at(9));
    expect(flush(dispatcher, at(10))).toEqual(['team: first notification: +a +b']);
    dispatcher.offer(firing({ alertname: 'c' }), at(11));
    expect(dispatcher.nextFlushAt()).toBe(at(70).steadyMs);
    expect(flush(dispatcher, at(69))).toEqual([]);
    expect(flush(dispatcher, at(70))).toEqual(['team: new alerts added: +a +b +c']);
  });

  test('one outage is one message and one resolved message', () => {
    const dispatcher = new Dispatcher(team, empty, at(0));
    dispatcher.offer(a, at(0));
    expect(flush(dispatcher, at(10))).toEqual(['team: first notification: +a']);
    expect(flush(dispatcher, at(70))).toEqual([]);
    dispatcher.offer(ended(a, 80), at(80));
    expect(flush(dispatcher, at(130))).toEqual(['team: all alerts resolved: -a']);
    expect(flush(dispatcher, at(1000))).toEqual([]);
    expect(dispatcher.groups()).toEqual([]);
    expect(dispatcher.nextFlushAt()).toBeUndefined();
  });

  test('what ends before group_wait is over is never told', () => {
    const dispatcher = new Dispatcher(team, empty, at(0));
    dispatcher.offer(a, at(0));
    dispatcher.offer(ended(a, 5), at(5));
    expect(flush(dispatcher, at(10))).toEqual([]);
  });

  test('reminders come at the first look after repeat_interval', () => {
    const hourly = { ...team, root: route({ repeatIntervalMs: 90_000 }) };
    const dispatcher = new Dispatcher(hourly, empty, at(0));
    dispatcher.offer(a, at(0));
    const sent = [10, 70, 130, 190, 250].map((second) => flush(dispatcher, at(second)));
    expect(sent).toEqual([
      ['team: first notification: +a'],
      [],
      ['team: repeat interval elapsed: +a'],
      [],
      ['team: repeat interval elapsed: +a'],
    ]);
  });

  test('something new about a firing alert is told under the same labels', () => {
    const dispatcher = new Dispatcher(team, empty, at(0));
    dispatcher.offer(a, at(0));
    flush(dispatcher, at(10));
    dispatcher.offer({ ...a, revision: 1 }, at(20));
    expect(flush(dispatcher, at(70))).toEqual(['team: new alerts added: +a']);
    dispatcher.offer(ended({ ...a, revision: 1 }, 80), at(80));
    expect(flush(dispatcher, at(130))).toEqual(['team: all alerts resolved: -a']);
  });

  test('a receiver that does not want resolves gets none, and the next firing again', () => {
    const quiet = { ...team, receivers: [receiver('team', webhook({ sendResolved: false }))] };
    const dispatcher = new Dispatcher(quiet, empty, at(0));
    dispatcher.offer(a, at(0));
    dispatcher.offer(b, at(0));
    flush(dispatcher, at(10));
    dispatcher.offer(ended(a, 20), at(20));
    expect(flush(dispatcher, at(70))).toEqual([]);
    dispatcher.offer(a, at(80));
    expect(flush(dispatcher, at(130))).toEqual(['team: new alerts added: +a +b']);
  });

  test('a muted alert is not told, reported once, and told when the mute ends', () => {
    const dispatcher = new Dispatcher(team, empty, at(0));
    dispatcher.offer(a, at(0));
    const muted: MuteOf = () => byParent;
    const first = dispatcher.flush(at(10), muted);
    expect([first.planned, first.suppressed.map(({ reason }) => reason)]).toEqual([
      [],
      ['dependency'],
    ]);
    expect(dispatcher.flush(at(70), muted).suppressed).toEqual([]);
    expect(flush(dispatcher, at(130))).toEqual(['team: first notification: +a']);
  });

  test('a mute never swallows the end of something that was told', () => {
    const dispatcher = new Dispatcher(team, empty, at(0));
    dispatcher.offer(a, at(0));
    flush(dispatcher, at(10));
    const muted: MuteOf = () => byParent;
    expect(flush(dispatcher, at(70), muted)).toEqual([]);
    dispatcher.offer(ended(a, 80), at(80));
    expect(flush(dispatcher, at(130), muted)).toEqual(['team: all alerts resolved: -a']);
  });

  test('told while a companion is muted, the companion still hears of its own end', () => {
    const dispatcher = new Dispatcher(team, empty, at(0));
    dispatcher.offer(a, at(0));
    dispatcher.offer(b, at(0));
    flush(dispatcher, at(10));
    const muteA = (alert: Alert) => (alert === a ? byParent : undefined);
    dispatcher.offer(ended(b, 20), at(20));
    expect(flush(dispatcher, at(70), muteA)).toEqual(['team: some alerts resolved: -b']);
    dispatcher.offer(ended(a, 80), at(80));
    expect(flush(dispatcher, at(130), muteA)).toEqual(['team: all alerts resolved: -a']);
  });

  test('split integrations get one message and one key an alert, and only the news', () => {
    const pager = webhook({ integration: 'pagerduty', splitsAlerts: true });
    const split = { ...team, receivers: [receiver('team', pager)] };
    const dispatcher = new Dispatcher(split, empty, at(0));
    dispatcher.offer(a, at(0));
    const [first] = dispatcher.flush(at(10), () => undefined).planned;
    dispatcher.offer(b, at(20));
    const second = dispatcher.flush(at(70), () => undefined).planned;
    expect(second.map(({ notification }) => notification.alerts.map((x) => x.labels))).toEqual([
      [{ alertname: 'b' }],
    ]);
    expect(second[0]?.dedupKey).not.toBe(first?.dedupKey);
    dispatcher.offer(ended(a, 80), at(80));
    const third = dispatcher.flush(at(130), () => undefined).planned;
    expect(third.map(({ dedupKey, notification }) => [dedupKey, notification.status])).toEqual([
      [first?.dedupKey, 'resolved'],
    ]);
  });

  test('a warning that turned critical stays one incident', () => {
    const pager = webhook({ integration: 'pagerduty', splitsAlerts: true });
    const split = { ...team, receivers: [receiver('team', pager)] };
    const dispatcher = new Dispatcher(split, empty, at(0));
    const warning = firing({ alertname: 'a', severity: 'warning' });
    dispatcher.offer(warning, at(0));
    const [first] = dispatcher.flush(at(10), () => undefined).planned;
    dispatcher.offer(ended(warning, 20), at(20));
    dispatcher.offer(firing({ alertname: 'a', severity: 'critical' }), at(20));
    const second = dispatcher.flush(at(70), () => undefined).planned;
    expect(second.map(({ dedupKey, notification }) => [dedupKey, notification.status])).toEqual([
      [first?.dedupKey, 'firing'],
    ]);
  });

  test('a severity that changed in a group of its own ends the old one without saying all is well', () => {
    const all = { ...team, root: route({ groupBy: ['...'] }) };
    const dispatcher = new Dispatcher(all, empty, at(0));
    const warning = firing({ alertname: 'a', severity: 'warning' });
    const critical = firing({ alertname: 'a', severity: 'critical' });
    dispatcher.offer(warning, at(0));
    flush(dispatcher, at(10));
    const { fingerprint } = critical;
    const gone = { ...ended(warning, 20), supersededBy: { fingerprint, severity: 'critical' } };
    dispatcher.offer(gone, at(20));
    dispatcher.offer(critical, at(20));
    const planned = [30, 70].flatMap((s) => dispatcher.flush(at(s), () => undefined).planned);
    expect(planned.map(({ notification }) => notification.reason)).toEqual([
      'first notification',
      'all alerts resolved',
    ]);
    const [first, second] = planned;
    expect(first?.dedupKey).not.toBe(second?.dedupKey);
    expect(headline(second?.notification ?? never(), at(70).wallMs)).toBe(
      '🔴 a is no longer firing but critical after 20s',
    );
  });

  test('two hosts that tell one receiver do not share a dedup key', () => {
    const keys = ['web-1', 'web-2'].map((origin) => {
      const dispatcher = new Dispatcher({ ...team, origin }, empty, at(0));
      dispatcher.offer(a, at(0));
      return dispatcher.flush(at(10), () => undefined).planned[0]?.dedupKey;
    });
    expect(keys[0]).not.toBe(keys[1]);
  });
});

describe('a restart or reload', () => {
  function told(table: RoutingTable = team): Dispatcher {
    const dispatcher = new Dispatcher(table, empty, at(0));
    dispatcher.offer(a, at(0));
    flush(dispatcher, at(10));
    return dispatcher;
  }

  test('keeps timers and what was told', () => {
    const again = new Dispatcher(team, told().save(), at(40));
    expect(again.nextFlushAt()).toBe(at(70).steadyMs);
    expect(flush(again, at(70))).toEqual([]);
    again.offer(ended(a, 80), at(80));
    expect(flush(again, at(130))).toEqual(['team: all alerts resolved: -a']);
  });

  test('under another route text nothing is told twice, and the dedup key stays', () => {
    const other = { ...team, root: route({ groupBy: ['alertname'] }) };
    const before = told();
    const key = [...before.save().log.values()][0]?.dedupKey;
    const again = new Dispatcher(other, before.save(), at(40));
    expect(flush(again, at(70))).toEqual([]);
    again.offer(ended(a, 80), at(80));
    const { planned } = again.flush(at(200), () => undefined);
    expect(planned.map(({ dedupKey, notification }) => [dedupKey, notification.reason])).toEqual([
      [key, 'all alerts resolved'],
    ]);
  });

  test('a receiver that is no longer routed to still hears of the end, and of nothing else', () => {
    const rerouted: RoutingTable = {
      ...team,
      root: route({ receiver: 'others' }),
      receivers: [receiver('team'), receiver('others')],
    };
    const again = new Dispatcher(rerouted, told().save(), at(40));
    const sent = flush(again, at(70));
    expect(sent).toEqual(['others: first notification: +a']);
    again.offer(ended(a, 80), at(80));
    expect(flush(again, at(200)).toSorted()).toEqual([
      'others: all alerts resolved: -a',
      'team: all alerts resolved: -a',
    ]);
    expect(again.groups()).toEqual([]);
  });

  test('a receiver that is gone is forgotten without a trace', () => {
    const renamed = { ...team, root: route({ receiver: 'x' }), receivers: [receiver('x')] };
    const again = new Dispatcher(renamed, told().save(), at(40));
    again.offer(ended(a, 80), at(80));
    expect(flush(again, at(200))).toEqual([]);
    expect(again.save()).toEqual({ groups: [], log: new Map() });
  });

  test('two groups that become one end each incident under the key that opened it', () => {
    const apart = { ...team, root: route({ groupBy: ['alertname'] }) };
    const before = new Dispatcher(apart, empty, at(0));
    before.offer(a, at(0));
    before.offer(b, at(0));
    const opened = before.flush(at(10), () => undefined).planned;
    const keyOf = new Map(
      opened.map(({ dedupKey, notification }) => [notification.alerts[0]?.labels, dedupKey]),
    );
    const merged = new Dispatcher(team, before.save(), at(40));
    expect(flush(merged, at(70))).toEqual([]);
    merged.offer(ended(a, 80), at(80));
    merged.offer(ended(b, 80), at(80));
    const closed = merged.flush(at(200), () => undefined).planned;
    expect(closed).toHaveLength(2);
    for (const { dedupKey, notification } of closed) {
      expect(notification.reason).toBe('all alerts resolved');
      expect(notification.alerts).toHaveLength(1);
      expect(dedupKey).toBe(keyOf.get(notification.alerts[0]?.labels));
    }
    expect(merged.groups()).toEqual([]);
  });

  test('there and back again: an alert told elsewhere is ended once', () => {
    const apart = { ...team, root: route({ groupBy: ['alertname'] }) };
    const before = new Dispatcher(apart, empty, at(0));
    before.offer(a, at(0));
    before.offer(b, at(0));
    flush(before, at(10));
    const merged = new Dispatcher(team, before.save(), at(40));
    const back = new Dispatcher(apart, merged.save(), at(50));
    back.offer(ended(a, 80), at(80));
    back.offer(ended(b, 80), at(80));
    expect(flush(back, at(200)).toSorted()).toEqual([
      'team: all alerts resolved: -a',
      'team: all alerts resolved: -b',
    ]);
  });

  test('an end that waits is told by the group that took over its incident', () => {
    const before = new Dispatcher(team, empty, at(0));
    before.offer(a, at(0));
    before.offer(b, at(0));
    const [opened] = before.flush(at(10), () => undefined).planned;
    before.offer(ended(a, 20), at(20));
    const apart = { ...team, root: route({ groupBy: ['alertname'] }) };
    const again = new Dispatcher(apart, before.save(), at(40));
    const { planned } = again.flush(at(200), () => undefined);
    expect(planned.map(({ dedupKey, notification }) => [dedupKey, notification.reason])).toEqual([
      [opened?.dedupKey, 'some alerts resolved'],
    ]);
  });

  test('an alert that leaves a group which lives on is ended there', () => {
    const toOthers = [route({ receiver: 'others', matchers: [equal('alertname', 'a')] })];
    const rerouted: RoutingTable = {
      ...team,
      root: route({ routes: toOthers }),
      receivers: [receiver('team'), receiver('others')],
    };
    const before = new Dispatcher(team, empty, at(0));
    before.offer(a, at(0));
    before.offer(b, at(0));
    flush(before, at(10));
    const again = new Dispatcher(rerouted, before.save(), at(40));
    expect(flush(again, at(70))).toEqual(['others: first notification: +a']);
    again.offer(ended(a, 80), at(80));
    expect(flush(again, at(200)).toSorted()).toEqual([
      'others: all alerts resolved: -a',
      'team: some alerts resolved: +b -a',
    ]);
  });

  test('one incident an alert: what fires again in another group is not ended by the old one', () => {
    const pager = webhook({ integration: 'pagerduty', splitsAlerts: true });
    const receivers = [receiver('team', pager)];
    const apart: RoutingTable = { ...team, root: route({ groupBy: ['alertname'] }), receivers };
    const before = new Dispatcher(apart, empty, at(0));
    before.offer(a, at(0));
    flush(before, at(10));
    before.offer(ended(a, 20), at(20));
    const again = new Dispatcher({ ...team, receivers }, before.save(), at(30));
    again.offer(a, at(30));
    const sent = [40, 70, 130, 200].flatMap((second) => flush(again, at(second)));
    expect(sent).toEqual(['team: first notification: +a']);
  });

  test('new labels for the same alert are not news', () => {
    const relabelled = firing({ alertname: 'a', env: 'production' });
    const again = new Dispatcher(
      team,
      told().save(),
      at(40),
      new Map([[a.fingerprint, relabelled]]),
    );
    expect(flush(again, at(70))).toEqual([]);
    again.offer(ended(relabelled, 80), at(80));
    expect(flush(again, at(130))).toEqual(['team: all alerts resolved: -a']);
  });

  test('the changes it asks to save bring a copy to the same state', () => {
    const dispatcher = new Dispatcher(
      {
        ...team,
        root: route({
          groupBy: ['alertname'],
          routes: [route({ matchers: [equal('alertname', 'b')] })],
        }),
      },
      empty,
      at(0),
    );
    const groups = new Map<string, unknown>();
    const log = new Map<string, unknown>();
    const save = (): void => {
      const changes = dispatcher.takeChanges();
      for (const [key, row] of changes.groups) groups.set(key, row);
      for (const key of changes.removedGroups) groups.delete(key);
      for (const [key, entry] of changes.log) log.set(key, entry);
      for (const key of changes.removedLog) log.delete(key);
      const state = dispatcher.save();
      const copy = groupsFromRows([...groups.values()]);
      expect(copy).toEqual(expect.arrayContaining([...state.groups]));
      expect(copy).toHaveLength(state.groups.length);
      expect(log).toEqual(state.log);
    };
    for (let second = 0; second < 400; second += 5) {
      if (second === 0) dispatcher.offer(a, at(second));
      if (second === 30) dispatcher.offer(b, at(second));
      if (second === 100) dispatcher.offer(ended(a, second), at(second));
      if (second === 200) dispatcher.offer(ended(b, second), at(second));
      dispatcher.flush(at(second), () => undefined);
      save();
    }
    expect([groups.size, log.size]).toEqual([0, 0]);
  });
});
