import { expect, test } from 'vitest';
import { Dispatcher } from '../../src/routing/dispatcher.ts';
import { at, ended, firing, receiver, route } from '../support/routes.ts';

const team = { root: route(), receivers: [receiver('team')], origin: 'web-1' };
const a = firing({ alertname: 'a' });

function newDispatcher(): Dispatcher {
  return new Dispatcher(team, { groups: [], log: new Map() }, at(0));
}

test('of two ends of an alert the later one is told', () => {
  const dispatcher = newDispatcher();
  dispatcher.offer(a, at(0));
  dispatcher.flush(at(10), () => undefined);
  for (const seconds of [20, 22, 21]) dispatcher.offer(ended(a, seconds), at(25));
  const [told] = dispatcher.flush(at(70), () => undefined).planned;
  expect(told?.notification.alerts).toEqual([ended(a, 22)]);
});

test('a changed annotation is in the next message, without being a reason for one', () => {
  const dispatcher = newDispatcher();
  dispatcher.offer(firing({ alertname: 'a' }, { annotations: { note: '1' } }), at(0));
  dispatcher.flush(at(10), () => undefined);
  dispatcher.offer(firing({ alertname: 'a' }, { annotations: { note: '2' } }), at(20));
  expect(dispatcher.flush(at(70), () => undefined).planned).toEqual([]);
  dispatcher.offer(firing({ alertname: 'b' }), at(80));
  const [told] = dispatcher.flush(at(130), () => undefined).planned;
  expect(told?.notification.alerts[0]?.annotations).toEqual({ note: '2' });
});

test('a new group does not wait for what has waited long enough already', () => {
  const dispatcher = newDispatcher();
  dispatcher.offer(firing({ alertname: 'a' }, { startsAt: at(-11).wallMs }), at(0));
  expect(dispatcher.nextFlushAt()).toBe(at(0).steadyMs);
  const other = newDispatcher();
  other.offer(firing({ alertname: 'a' }, { startsAt: at(-9).wallMs }), at(0));
  expect(other.nextFlushAt()).toBe(at(10).steadyMs);
});
