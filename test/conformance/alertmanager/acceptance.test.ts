import { expect, test } from 'vitest';
import { createMatcher } from '../../../src/lib/matcher.ts';
import type { Outcome } from '../../../src/model/delivery.ts';
import { isMatcherError } from '../../../src/model/matcher-syntax.ts';
import type { Matcher } from '../../../src/model/route.ts';
import { alertWorld, line, type AlertWorld, type Told } from '../../support/alert-world.ts';

/*
 * The acceptance tests of Alertmanager (send, inhibit, silence) by the same stories, on a clock that stands
 * still: where Alertmanager's tests allow 150 ms, these times are exact. The times are seconds, and each
 * story says what differs on purpose.
 */

interface Setup {
  readonly wait?: string;
  readonly interval?: string;
  readonly repeat?: string;
  readonly groupBy?: string;
  readonly more?: string;
  readonly receivers?: string;
}

const url = 'http://127.0.0.1:9/';

function config(setup: Setup = {}): string {
  const { wait = '1s', interval = '1s', repeat = '1ms', groupBy = 'alertname', more = '' } = setup;
  const team = `[{ name: team, webhook_configs: [{ url: '${url}' }] }]`;
  return `
route:
  receiver: team
  group_by: [${groupBy}]
  group_wait: ${wait}
  group_interval: ${interval}
  repeat_interval: ${repeat}
receivers: ${setup.receivers ?? team}
${more}
`;
}

function lines({ told }: AlertWorld): string[] {
  return told.map(line);
}

/** The annotation `ann` of the first alert of each message. */
function notes({ told }: AlertWorld): (string | undefined)[] {
  return told.map(({ alerts }) => alerts[0]?.annotations['ann']);
}

const alertname = 'test';

test('AM-A01 the earliest start, the newest annotations and the latest end of an alert win', async () => {
  const world = await alertWorld(config());
  const post = (ann: string, starts: number, ends?: number): void => {
    const times = ends === undefined ? { starts } : { starts, ends };
    world.post({ labels: { alertname }, annotations: { ann }, ...times });
  };
  await world.until(1);
  post('', 1.1);
  await world.until(1.2);
  post('', 1);
  await world.until(2.1);
  post('v1', 2);
  await world.until(3.6);
  post('v2', 1.5);
  await world.until(4.6);
  post('v2', 3, 4.5);
  await world.until(4.8);
  post('v3', 2.9, 4.8);
  post('v3', 2.9, 4.1);
  await world.until(5.3);
  world.post({ labels: { alertname } });
  await world.until(6.4);
  expect(lines(world)).toEqual([
    '2s team: +test(1)',
    '3s team: +test(1)',
    '4s team: +test(1)',
    '5s team: -test(1..4.8)',
    '6.3s team: +test(5.3)',
  ]);
  expect(notes(world)).toEqual(['', 'v1', 'v2', 'v3', undefined]);
});

test('AM-A02 the same when firing alerts say when they will end', async () => {
  const world = await alertWorld(config());
  const post = (ann: string, starts: number, ends: number): void => {
    world.post({ labels: { alertname }, annotations: { ann }, starts, ends });
  };
  await world.until(1);
  post('', 1.1, 4.1);
  await world.until(1.2);
  post('', 1, 4);
  await world.until(2.1);
  post('v1', 2, 5);
  await world.until(3.6);
  post('v2', 1.5, 4.5);
  await world.until(4.6);
  post('v2', 3, 4.5);
  await world.until(4.8);
  post('v3', 2.9, 4.8);
  post('v3', 2.9, 4.1);
  await world.until(5.3);
  post('v4', 5.3, 8.3);
  await world.until(9);
  expect(lines(world)).toEqual([
    '2s team: +test(1)',
    '3s team: +test(1)',
    '4s team: +test(1)',
    '5s team: -test(1..4.8)',
    '6.3s team: +test(5.3)',
    '7.3s team: +test(5.3)',
    // It has ended at this very moment.
    '8.3s team: -test(5.3..8.3)',
  ]);
  expect(notes(world)).toEqual(['', 'v1', 'v2', 'v3', 'v4', 'v4', 'v4']);
});

test('AM-A03 what fires is repeated, and its end is told once', async () => {
  const world = await alertWorld(config());
  await world.until(1);
  world.post({ labels: { alertname }, starts: 1 });
  await world.until(3.5);
  world.post({ labels: { alertname }, starts: 1, ends: 3 });
  await world.until(10);
  expect(lines(world)).toEqual(['2s team: +test(1)', '3s team: +test(1)', '4s team: -test(1..3)']);
});

test('AM-A04 a receiver that fails is tried again, the others get no extra copies; but not only at the next interval', async () => {
  const receivers = `[{ name: team, webhook_configs: [{ url: '${url}' }, { url: '${url}' }] }]`;
  const world = await alertWorld(config({ interval: '2s', repeat: '3s', receivers }));
  world.answer = ({ index }) =>
    index === 1 && world.clock.now().wallMs < world.wallAt(4.5)
      ? { kind: 'passing', reason: 'server_error', detail: '500' }
      : { kind: 'delivered', detail: '200' };
  await world.until(1);
  world.post({ labels: { alertname }, starts: 1, ends: 300 });
  await world.until(7);
  const timesOf = (index: number): number[] =>
    world.told.filter((told) => told.index === index).map(({ at }) => at);
  expect(timesOf(0)).toEqual([2, 6]);
  // Alertmanager gives the second one its first message at 6, by the retry of the whole group.
  const [first = 0, ...rest] = timesOf(1);
  expect(first).toBeGreaterThan(4.5);
  expect(first).toBeLessThan(10);
  expect(rest.length).toBeLessThanOrEqual(1);
});

test('AM-A05 alerts of a group come in one message, and a repeat waits for its interval', async () => {
  const world = await alertWorld(config({ groupBy: '', repeat: '4s900ms' }));
  await world.until(1.1);
  world.post({ labels: { alertname: 'a' }, starts: 1 }, { labels: { alertname: 'b' }, starts: 1 });
  await world.until(3.3);
  world.post(...['c', 'd', 'e'].map((name) => ({ labels: { alertname: name }, starts: 3 })));
  await world.until(10);
  expect(lines(world)).toEqual([
    '2.1s team: +a(1) +b(1)',
    '4.1s team: +a(1) +b(1) +c(3) +d(3) +e(3)',
    '9.1s team: +a(1) +b(1) +c(3) +d(3) +e(3)',
  ]);
});

test('AM-A06 alerts without an end resolve after resolve_timeout, with the end that follows from it', async () => {
  const world = await alertWorld(
    config({ groupBy: '', interval: '5s', more: 'global: { resolve_timeout: 10s }' }),
  );
  await world.until(1);
  world.post(...['a', 'b', 'c'].map((name) => ({ labels: { alertname: name } })));
  await world.until(13);
  expect(lines(world)).toEqual([
    '2s team: +a(1) +b(1) +c(1)',
    '7s team: +a(1) +b(1) +c(1)',
    '12s team: -a(1..11) -b(1..11) -c(1..11)',
  ]);
});

test('AM-A07 a receiver without send_resolved hears of what fires alone', async () => {
  const receivers = `
  - name: team
    webhook_configs: [{ url: '${url}', send_resolved: true }, { url: '${url}', send_resolved: false }]`;
  const world = await alertWorld(config({ groupBy: '', interval: '5s', repeat: '1h', receivers }));
  await world.until(1);
  world.post({ labels: { alertname: 'a' }, starts: 1 });
  await world.until(3);
  world.post({ labels: { alertname: 'a' }, starts: 1, ends: 3 });
  world.post({ labels: { alertname: 'b' }, starts: 3 });
  await world.until(8);
  world.post({ labels: { alertname: 'b' }, starts: 3, ends: 8 });
  await world.until(20);
  const linesOf = (index: number): string[] =>
    world.told.filter((told) => told.index === index).map(line);
  expect(linesOf(0)).toEqual(['2s team: +a(1)', '7s team: +b(3) -a(1..3)', '12s team: -b(3..8)']);
  expect(linesOf(1)).toEqual(['2s team: +a(1)', '7s team: +b(3)']);
});

test('AM-A08 a new start knows the alerts of the former process: it waits for nobody and forgets nothing', async () => {
  // Alertmanager forgets all alerts, so its --dispatch.start-delay waits until they are posted again.
  const world = await alertWorld(config({ groupBy: '', interval: '6s', repeat: '1h' }));
  await world.until(1);
  world.post({ labels: { alertname: 'old' }, starts: 1, ends: 300 });
  await world.until(1.5);
  world.kill();
  await world.until(5);
  world.start();
  await world.until(5.2);
  world.post({ labels: { alertname: 'new' }, starts: 5, ends: 300 });
  await world.until(20);
  expect(lines(world)).toEqual(['5s team: +old(1)', '11s team: +new(5) +old(1)']);
});

test('AM-A09 a reload causes no second copy; the timer of the group goes on as it was', async () => {
  // Alertmanager counts the interval anew from the reload: its next message comes at 9.
  const world = await alertWorld(config({ interval: '6s', groupBy: '', repeat: '10m' }));
  await world.until(1);
  world.post({ labels: { alertname: 'a' }, starts: 1, ends: 300 });
  await world.until(3);
  await world.reload();
  world.post({ labels: { alertname: 'b' }, starts: 3, ends: 300 });
  await world.until(20);
  expect(lines(world)).toEqual(['2s team: +a(1)', '8s team: +a(1) +b(3)']);
});

test('AM-A10 a receiver that does not answer in time is asked again, without a wait for the interval', async () => {
  const world = await alertWorld(config({ interval: '1m', repeat: '1h' }));
  const timeout: Outcome = { kind: 'passing', reason: 'timeout', detail: 'no answer in 500ms' };
  world.answer = () =>
    world.clock.now().wallMs < world.wallAt(3)
      ? new Promise((resolve) => world.clock.after(500, () => resolve(timeout)))
      : { kind: 'delivered', detail: '200' };
  await world.until(1);
  world.post({ labels: { alertname }, starts: 1, ends: 300 });
  await world.until(20);
  expect(world.told).toHaveLength(1);
  expect(world.told[0]?.at).toBeGreaterThanOrEqual(3);
  expect(world.told[0]?.at).toBeLessThan(8);
});

const inhibition = `
inhibit_rules:
  - source_matchers: [alertname="JobDown"]
    target_matchers: [alertname="InstanceDown"]
    equal: [job, zone]
`;

function zoned({ at, alerts }: Told): string {
  const parts = alerts.map(({ labels, status }) => {
    const sign = status === 'firing' ? '+' : '-';
    return `${sign}${labels['alertname']}/${labels['zone'] ?? ''}`;
  });
  return `${at}s ${parts.toSorted().join(' ')}`;
}

test('AM-A11 a source keeps back its target while it fires, and only where the labels are equal', async () => {
  const world = await alertWorld(config({ groupBy: '', repeat: '1s', more: inhibition }));
  const down = (zone: string) => ({ alertname: 'InstanceDown', job: 'job', zone });
  const source = { alertname: 'JobDown', job: 'job', zone: 'aa' };
  await world.until(1);
  world.post({ labels: { alertname: 'test1' } }, { labels: down('aa') }, { labels: down('ab') });
  await world.until(2.2);
  world.post({ labels: source, starts: 2.2 });
  await world.until(3.6);
  world.post({ labels: source, starts: 2.2, ends: 3.6 });
  await world.until(4.5);
  expect(world.told.map(zoned)).toEqual([
    '2s +InstanceDown/aa +InstanceDown/ab +test1/',
    '3s +InstanceDown/ab +JobDown/aa +test1/',
    '4s +InstanceDown/aa +InstanceDown/ab +test1/ -JobDown/aa',
  ]);
});

test('AM-A12 of an alert that was always kept back nobody is told anything, neither its start nor its end', async () => {
  // Alertmanager tells the end of the target, which its receiver has never heard of.
  const world = await alertWorld(config({ groupBy: '', repeat: '1s', more: inhibition }));
  const source = { alertname: 'JobDown', job: 'job', zone: 'aa' };
  const target = { ...source, alertname: 'InstanceDown' };
  await world.until(1);
  world.post({ labels: source, starts: 1 }, { labels: target, starts: 1 });
  await world.until(2.6);
  world.post({ labels: source, starts: 1, ends: 2.6 }, { labels: target, starts: 1, ends: 2.6 });
  await world.until(6);
  expect(world.told.map(zoned)).toEqual(['2s +JobDown/aa', '3s -JobDown/aa']);
});

test('AM-A13 an empty rule of inhibition keeps nothing back, and nothing crashes', async () => {
  const world = await alertWorld(config({ more: 'inhibit_rules:\n  -\n', repeat: '1h' }));
  await world.until(1);
  world.post({ labels: { alertname } });
  await world.until(3);
  expect(lines(world)).toEqual(['2s team: +test(1)']);
});

function matcher(label: string, operator: '=' | '=~', value: string): Matcher {
  const made = createMatcher(label, operator, value);
  if (isMatcherError(made)) throw new Error(made.error);
  return made;
}

function silence(world: AlertWorld, of: Matcher, from: number, until: number): string {
  const answer = world.commands.putSilence({
    matchers: [of],
    startsAt: world.wallAt(from),
    endsAt: world.wallAt(until),
    createdBy: 'me',
    comment: 'test',
  });
  if (answer.kind !== 'kept') throw new Error(answer.kind);
  return answer.id;
}

test('AM-A14 a silence can be added, and is there', async () => {
  const world = await alertWorld(config());
  const id = silence(world, matcher('alertname', '=', 'a'), 0, 60);
  expect(world.commands.silences().map((one) => one.id)).toEqual([id]);
});

test('AM-A15 a silence keeps back what it matches, from its start to its end', async () => {
  const world = await alertWorld(config({ groupBy: '' }));
  await world.until(1);
  world.post({ labels: { alertname: 'a' }, starts: 1 }, { labels: { alertname: 'b' }, starts: 1 });
  await world.until(2.1);
  silence(world, matcher('alertname', '=', 'a'), 2.5, 4.5);
  await world.until(5.5);
  expect(lines(world)).toEqual([
    '2s team: +a(1) +b(1)',
    '3s team: +b(1)',
    '4s team: +b(1)',
    '5s team: +a(1) +b(1)',
  ]);
});

test('AM-A16 a silence that is deleted keeps nothing back any more', async () => {
  const world = await alertWorld(config({ groupBy: '' }));
  await world.until(1);
  world.post({ labels: { alertname: 'a' }, starts: 1 }, { labels: { alertname: 'b' }, starts: 1 });
  await world.until(1.3);
  const id = silence(world, matcher('alertname', '=~', '.+'), 1.3, 60);
  await world.until(3.5);
  world.commands.expireSilence(id);
  await world.until(4.5);
  expect(lines(world)).toEqual(['4s team: +a(1) +b(1)']);
});
