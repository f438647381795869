import { describe, expect, test } from 'vitest';
import { alertStatus, type Alert } from '../../src/model/alert.ts';
import type { TimeInterval } from '../../src/model/route.ts';
import { Dispatcher } from '../../src/routing/dispatcher.ts';
import type { Mute, MuteOf } from '../../src/routing/mute.ts';
import type { RoutingTable, SavedRouting } from '../../src/routing/state.ts';
import { at, ended, equal, firing, receiver, route } from '../support/routes.ts';

const empty: SavedRouting = { groups: [], log: new Map() };

/** From one second of the test to another. */
function hours(name: string, from: number, to: number): TimeInterval {
  return { name, contains: (atMs) => atMs >= at(from).wallMs && atMs < at(to).wallMs };
}

function tell(dispatcher: Dispatcher, second: number, muteOf: MuteOf = () => undefined) {
  const { planned, suppressed } = dispatcher.flush(at(second), muteOf);
  return [
    ...planned.map(({ notification }) =>
      notification.alerts
        .map((one) => `${alertStatus(one) === 'firing' ? '+' : '-'}${one.labels['alertname']}`)
        .join(' '),
    ),
    ...suppressed.map(({ alert, reason, by }) => `${alert.labels['alertname']}: ${reason} ${by}`),
  ];
}

const a = firing({ alertname: 'a' });
const b = firing({ alertname: 'b' });

describe('time intervals', () => {
  const quiet = (changes: Parameters<typeof route>[0]): RoutingTable => ({
    root: route(changes),
    receivers: [receiver('team')],
    origin: 'x',
  });

  test('inside a muting one nothing is told, after it what still fires', () => {
    const table = quiet({ muteTimeIntervals: [hours('night', 0, 100)] });
    const dispatcher = new Dispatcher(table, empty, at(0));
    dispatcher.offer(a, at(0));
    expect([10, 70, 130].map((second) => tell(dispatcher, second))).toEqual([
      ['a: time_interval night'],
      [],
      ['+a'],
    ]);
  });

  test('outside all active ones nothing is told', () => {
    const table = quiet({
      activeTimeIntervals: [hours('morning', 100, 140), hours('noon', 150, 900)],
    });
    const dispatcher = new Dispatcher(table, empty, at(0));
    dispatcher.offer(a, at(0));
    expect([10, 130].map((second) => tell(dispatcher, second))).toEqual([
      ['a: time_interval morning'],
      ['+a'],
    ]);
  });

  test('#226 what was told and ends inside one is told as ended', () => {
    const table = quiet({ muteTimeIntervals: [hours('night', 60, 9000)] });
    const dispatcher = new Dispatcher(table, empty, at(0));
    dispatcher.offer(a, at(0));
    expect(tell(dispatcher, 10)).toEqual(['+a']);
    expect(tell(dispatcher, 70)).toEqual(['a: time_interval night']);
    dispatcher.offer(ended(a, 80), at(80));
    expect(tell(dispatcher, 130)).toEqual(['-a']);
  });

  test('what came and went inside one is not told at all', () => {
    const table = quiet({ muteTimeIntervals: [hours('night', 0, 100)] });
    const dispatcher = new Dispatcher(table, empty, at(0));
    dispatcher.offer(a, at(0));
    tell(dispatcher, 10);
    dispatcher.offer(ended(a, 20), at(20));
    expect([70, 130, 190].flatMap((second) => tell(dispatcher, second))).toEqual([]);
  });

  test('a reload that gives its route hours holds for the group that is there', () => {
    const before = new Dispatcher(quiet({}), empty, at(0));
    before.offer(a, at(0));
    const table = quiet({ muteTimeIntervals: [hours('night', 0, 100)] });
    const after = new Dispatcher(table, before.save(), at(5));
    expect(tell(after, 10)).toEqual(['a: time_interval night']);
  });
});

describe('inhibition', () => {
  const table: RoutingTable = {
    root: route(),
    receivers: [receiver('team')],
    inhibitRules: [
      {
        sourceMatchers: [equal('role', 'source')],
        targetMatchers: [equal('role', 'target')],
        equal: ['zone'],
      },
    ],
    origin: 'x',
  };
  const source = firing({ alertname: 'source', role: 'source', zone: 'aa' });
  const target = firing({ alertname: 'target', role: 'target', zone: 'aa' });
  const other = firing({ alertname: 'other', role: 'target', zone: 'ab' });
  const inhibited =
    (dispatcher: Dispatcher): MuteOf =>
    ({ labels }) => {
      const [by] = dispatcher.inhibitors(labels);
      return by === undefined ? undefined : { reason: 'inhibition', by };
    };

  test('AM-A11 a source silences its zone, and no other, until it has resolved', () => {
    const dispatcher = new Dispatcher(table, empty, at(0));
    const muteOf = inhibited(dispatcher);
    dispatcher.offer(target, at(0));
    dispatcher.offer(other, at(0));
    expect(tell(dispatcher, 10, muteOf)).toEqual(['+other +target']);
    dispatcher.offer(source, at(20));
    expect(tell(dispatcher, 70, muteOf)).toEqual([
      '+other +source',
      `target: inhibition ${source.fingerprint}`,
    ]);
    dispatcher.offer(ended(source, 80), at(80));
    expect(tell(dispatcher, 130, muteOf)).toEqual(['+other +target -source']);
  });

  test('AM-A12 a target that was never told has no end to be told', () => {
    const dispatcher = new Dispatcher(table, empty, at(0));
    const muteOf = inhibited(dispatcher);
    dispatcher.offer(target, at(0));
    dispatcher.offer(source, at(0));
    expect(tell(dispatcher, 10, muteOf)[0]).toBe('+source');
    dispatcher.offer(ended(source, 20), at(20));
    dispatcher.offer(ended(target, 20), at(20));
    expect(tell(dispatcher, 70, muteOf)).toEqual(['-source']);
  });

  test('#2229 source and target of the same moment: the target is not told, whoever came first', () => {
    const apart = { ...table, root: route({ groupBy: ['...'], groupWaitMs: 0 }) };
    const dispatcher = new Dispatcher(apart, empty, at(0));
    dispatcher.offer(target, at(0));
    dispatcher.offer(source, at(0));
    expect(tell(dispatcher, 0, inhibited(dispatcher)).toSorted()).toEqual([
      '+source',
      `target: inhibition ${source.fingerprint}`,
    ]);
  });

  test('a source keeps inhibiting across a reload, and is forgotten with its end', () => {
    const before = new Dispatcher(table, empty, at(0));
    before.offer(source, at(0));
    before.offer(target, at(0));
    const after = new Dispatcher(table, before.save(), at(5));
    expect(after.inhibitors(target.labels)).toEqual([source.fingerprint]);
    after.offer(ended(source, 6), at(6));
    expect(after.inhibitors(target.labels)).toEqual([]);
  });
});

describe('silences in the way of a group', () => {
  const table: RoutingTable = { root: route(), receivers: [receiver('team')], origin: 'x' };
  const silence: Mute = { reason: 'silence', by: 's1' };
  const onA = (alert: Alert): Mute | undefined =>
    alert.fingerprint === a.fingerprint ? silence : undefined;

  test('AM-A15 a silenced alert is left out while the rest is told', () => {
    const dispatcher = new Dispatcher(
      { ...table, root: route({ repeatIntervalMs: 1 }) },
      empty,
      at(0),
    );
    dispatcher.offer(a, at(0));
    dispatcher.offer(b, at(0));
    expect(tell(dispatcher, 10)).toEqual(['+a +b']);
    expect(tell(dispatcher, 70, onA)).toEqual(['+b', 'a: silence s1']);
    expect(tell(dispatcher, 130, onA)).toEqual(['+b']);
    expect(tell(dispatcher, 190)).toEqual(['+a +b']);
  });

  test('AM-A16 everything is silenced, then nothing', () => {
    const dispatcher = new Dispatcher(table, empty, at(0));
    dispatcher.offer(a, at(0));
    dispatcher.offer(b, at(0));
    expect(tell(dispatcher, 10, () => silence)).toEqual(['a: silence s1', 'b: silence s1']);
    expect(tell(dispatcher, 70)).toEqual(['+a +b']);
  });

  test('another reason for the same silence is reported as well', () => {
    const dispatcher = new Dispatcher(table, empty, at(0));
    dispatcher.offer(a, at(0));
    const told = [
      tell(dispatcher, 10, () => silence),
      tell(dispatcher, 70, () => silence),
      tell(dispatcher, 130, () => ({ reason: 'dependency', by: 'uplink' })),
    ];
    expect(told).toEqual([['a: silence s1'], [], ['a: dependency uplink']]);
  });
});
