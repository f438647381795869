import { describe, expect, test } from 'vitest';
import { Dispatcher } from '../../src/routing/dispatcher.ts';
import { groupsFromRows } from '../../src/routing/saved-rows.ts';
import type { RoutingTable } from '../../src/routing/state.ts';
import { at, ended, firing, receiver, route } from '../support/routes.ts';

const table: RoutingTable = {
  root: route({ escalate: [{ afterMs: 60_000, receiver: 'oncall' }] }),
  receivers: [receiver('team'), receiver('oncall')],
  origin: 'x',
};

const alerts = Array.from({ length: 100 }, (_, index) => firing({ alertname: `a${index}` }));

/** What the database holds of the groups. */
function keeper() {
  const rows = new Map<string, unknown>();
  const log = new Map<string, unknown>();
  return {
    rows,
    /** Gives how many rows were written and taken out. */
    save(dispatcher: Dispatcher): number {
      const changes = dispatcher.takeChanges();
      for (const [key, row] of changes.groups) rows.set(key, structuredClone(row));
      for (const key of changes.removedGroups) rows.delete(key);
      for (const [key, entry] of changes.log) log.set(key, structuredClone(entry));
      for (const key of changes.removedLog) log.delete(key);
      return changes.groups.length + changes.removedGroups.length;
    },
    load: () => ({ groups: groupsFromRows([...rows.values()]), log: new Map(log) as never }),
  };
}

describe('what is saved of groups', () => {
  test('a change to one of many alerts writes one row', () => {
    const kept = keeper();
    const dispatcher = new Dispatcher(table, kept.load(), at(0));
    for (const alert of alerts) dispatcher.offer(alert, at(0));
    expect(kept.save(dispatcher)).toBe(101);
    dispatcher.flush(at(10), () => undefined);
    kept.save(dispatcher);
    dispatcher.offer(ended(alerts[7] ?? firing({}), 20), at(20));
    expect(kept.save(dispatcher)).toBe(1);
    dispatcher.offer(alerts[8] ?? firing({}), at(20));
    expect(kept.save(dispatcher)).toBe(0);
  });

  test('what is read again is what was there, escalation included, and need not be written again', () => {
    const kept = keeper();
    const dispatcher = new Dispatcher(table, kept.load(), at(0));
    for (const alert of alerts) dispatcher.offer(alert, at(0));
    for (const second of [10, 70]) dispatcher.flush(at(second), () => undefined);
    kept.save(dispatcher);
    const again = new Dispatcher(table, kept.load(), at(75));
    expect(new Map(again.everything().groups)).toEqual(new Map(dispatcher.everything().groups));
    expect(again.save().log).toEqual(dispatcher.save().log);
    expect(kept.save(again)).toBe(0);
  });

  test('a reload writes only what moves', () => {
    const kept = keeper();
    const dispatcher = new Dispatcher(table, kept.load(), at(0));
    for (const alert of alerts) dispatcher.offer(alert, at(0));
    dispatcher.flush(at(10), () => undefined);
    kept.save(dispatcher);
    expect(kept.save(new Dispatcher(table, dispatcher.save(), at(20)))).toBe(0);
    const apart = { ...table, root: route({ groupBy: ['alertname'] }) };
    const moved = new Dispatcher(apart, dispatcher.save(), at(20));
    kept.save(moved);
    expect(kept.load().groups).toEqual(expect.arrayContaining([...moved.save().groups]));
    expect(kept.load().groups).toHaveLength(100);
  });

  test('a group that an older version saved as a whole becomes rows', () => {
    const kept = keeper();
    const dispatcher = new Dispatcher(table, kept.load(), at(0));
    for (const alert of alerts) dispatcher.offer(alert, at(0));
    const [whole] = dispatcher.save().groups;
    kept.rows.set(whole?.id ?? '', whole);
    const again = new Dispatcher(table, kept.load(), at(5));
    expect(kept.save(again)).toBe(101);
    expect(kept.load().groups).toEqual(dispatcher.save().groups);
  });
});
