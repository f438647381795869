import { describe, expect, test } from 'vitest';
import { alertStatus } from '../../src/model/alert.ts';
import { Dispatcher } from '../../src/routing/dispatcher.ts';
import type { MuteOf } from '../../src/routing/mute.ts';
import type { RoutingTable, SavedRouting } from '../../src/routing/state.ts';
import { at, ended, firing, receiver, route, webhook } from '../support/routes.ts';

const empty: SavedRouting = { groups: [], log: new Map() };
const minute = 60;

/** An integration that forgets what it is not told again within some minutes. */
const table: RoutingTable = {
  root: route({ groupIntervalMs: minute * 1000 }),
  receivers: [receiver('team', webhook({ refreshMs: 5 * minute * 1000 }))],
  origin: 'x',
};

const a = firing({ alertname: 'a' });
const b = firing({ alertname: 'b' });

/** What is told at each tick of the group up to a minute, as `minute: +firing -resolved`. */
function ticks(dispatcher: Dispatcher, from: number, to: number, muteOf?: MuteOf): string[] {
  const told: string[] = [];
  for (let tick = from; tick <= to; tick += 1) {
    const { planned } = dispatcher.flush(at(10 + tick * minute), muteOf ?? (() => undefined));
    for (const { notification } of planned) {
      const alerts = notification.alerts.map(
        (alert) => `${alertStatus(alert) === 'firing' ? '+' : '-'}${alert.labels['alertname']}`,
      );
      told.push(`${tick}: ${alerts.join(' ')}`);
    }
  }
  return told;
}

function started(): Dispatcher {
  const dispatcher = new Dispatcher(table, empty, at(0));
  dispatcher.offer(a, at(0));
  return dispatcher;
}

describe('an integration that forgets', () => {
  test('hears of what still fires again and again, long before repeat_interval', () => {
    expect(ticks(started(), 0, 16)).toEqual(['0: +a', '5: +a', '10: +a', '15: +a']);
  });

  test('is promised when it hears of it again', () => {
    const [planned] = started().flush(at(10), () => undefined).planned;
    expect(planned?.notification.toldAgainWithinMs).toBe(6 * minute * 1000);
  });

  test('hears at once of changes, which count as told', () => {
    const dispatcher = started();
    ticks(dispatcher, 0, 2);
    dispatcher.offer(b, at(150));
    expect(ticks(dispatcher, 3, 8)).toEqual(['3: +a +b', '8: +a +b']);
  });

  test('goes on hearing of what is kept back meanwhile, but of nothing new that is', () => {
    const dispatcher = started();
    const silenced: MuteOf = () => ({ reason: 'silence', by: 'x' });
    expect(ticks(dispatcher, 0, 0)).toEqual(['0: +a']);
    dispatcher.offer(b, at(20));
    expect(ticks(dispatcher, 1, 6, silenced)).toEqual(['5: +a']);
    dispatcher.offer(ended(a, 380), at(380));
    expect(ticks(dispatcher, 7, 12, silenced)).toEqual(['7: -a']);
  });
});
