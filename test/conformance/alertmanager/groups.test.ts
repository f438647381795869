import { expect, test } from 'vitest';
import type { Delivery, Outcome } from '../../../src/model/delivery.ts';
import { parseMatchers } from '../../../src/lib/matcher.ts';
import { isMatcherError } from '../../../src/model/matcher-syntax.ts';
import { decide } from '../../../src/routing/decide.ts';
import { alertWorld, line, type AlertWorld } from '../../support/alert-world.ts';
import { at } from '../../support/routes.ts';

/*
 * What Alertmanager proves of its groups, its log of notifications and its retries, in the cases that do
 * not stand elsewhere; the table of decisions is in `test/routing/decide.test.ts`.
 */

const url = 'http://127.0.0.1:9/';

function config(route: string, hooks = `[{ url: '${url}' }]`): string {
  return `
route: { receiver: team, group_by: [job], group_wait: 10s, group_interval: 30s, repeat_interval: 4h, ${route} }
receivers: [{ name: team, webhook_configs: ${hooks} }]
`;
}

function lines({ told }: AlertWorld): string[] {
  return told.map(line);
}

const labelsOf = (alertname: string): { alertname: string; job: string } => ({
  alertname,
  job: 'api',
});

test('AM-N04 what was told at no known time is told again', () => {
  const entry = { firing: ['1'], resolved: [], at: at(-1_000_000).steadyMs, dedupKey: 'k' };
  const decision = decide({
    entry,
    firing: ['1'],
    resolved: [],
    mutedStillFiring: false,
    sendResolved: true,
    repeatIntervalMs: 600_000,
    now: at(0).steadyMs,
  });
  expect(decision).toEqual({ send: true, reason: 'repeat interval elapsed' });
});

test('AM-N12 a passing failure is tried again and a permanent one is not', async () => {
  const world = await alertWorld(config('', `[{ url: '${url}' }, { url: '${url}' }]`));
  const attempts: number[] = [];
  const failure = (kind: 'passing' | 'permanent'): Outcome => ({
    kind,
    reason: kind === 'passing' ? 'server_error' : 'client_error',
    detail: kind === 'passing' ? '500' : '400',
  });
  world.answer = ({ index }: Delivery) => {
    attempts.push(index);
    if (index === 1) return failure('permanent');
    return attempts.filter((one) => one === 0).length < 3
      ? failure('passing')
      : { kind: 'delivered', detail: '200' };
  };
  world.post({ labels: labelsOf('a'), ends: 3600 });
  await world.until(600);
  expect(attempts.filter((one) => one === 0)).toHaveLength(3);
  expect(attempts.filter((one) => one === 1)).toHaveLength(1);
  expect(world.told.map(({ index }) => index)).toEqual([0]);
});

test('AM-N13 ends are passed on to those who want them, and only what fires to the others', async () => {
  const hooks = `[{ url: '${url}' }, { url: '${url}', send_resolved: false }]`;
  const world = await alertWorld(config('', hooks));
  world.post({ labels: labelsOf('a'), starts: 0 }, { labels: labelsOf('b'), starts: 0 });
  await world.until(15);
  world.post({ labels: labelsOf('a'), starts: 0, ends: 15 }, { labels: labelsOf('c'), starts: 15 });
  await world.until(45);
  const linesOf = (index: number): string[] =>
    world.told.filter((told) => told.index === index).map(line);
  expect(linesOf(0)).toEqual(['10s team: +a(0) +b(0)', '40s team: +b(0) +c(15) -a(0..15)']);
  expect(linesOf(1)).toEqual(['10s team: +a(0) +b(0)', '40s team: +b(0) +c(15)']);
});

test('AM-N14 the log holds exactly what a message told; it lives as long as its group', async () => {
  const world = await alertWorld(config(''));
  world.post({ labels: labelsOf('a'), starts: 0 }, { labels: labelsOf('b'), starts: 0 });
  await world.until(11);
  const logOf = (): unknown[] =>
    [...world.agent.pipeline.dispatcher.save().log.values()].map(({ firing, resolved }) => [
      firing,
      resolved,
    ]);
  const prints = world.commands.alerts().map(({ alert }) => alert.fingerprint);
  expect(logOf()).toEqual([[expect.arrayContaining(prints), []]]);
  world.post({ labels: labelsOf('a'), starts: 0, ends: 11 });
  await world.until(41);
  const [left] = world.commands.alerts();
  const ended = prints.filter((print) => print !== left?.alert.fingerprint);
  expect(logOf()).toEqual([[[left?.alert.fingerprint], ended]]);
  world.post({ labels: labelsOf('b'), starts: 0, ends: 41 });
  await world.until(71);
  expect(logOf()).toEqual([]);
});

test('AM-K01 a new process knows what was told; a group that is over leaves nothing behind', async () => {
  const world = await alertWorld(config(''));
  world.post({ labels: labelsOf('a'), starts: 0, ends: 1000 });
  await world.until(11);
  world.kill();
  world.start();
  await world.until(100);
  expect(lines(world)).toEqual(['10s team: +a(0)']);
  world.post({ labels: labelsOf('a'), starts: 0, ends: 100 });
  await world.until(200);
  world.kill();
  world.start();
  expect(world.agent.pipeline.dispatcher.save()).toEqual({ groups: [], log: new Map() });
  await world.until(300);
  expect(lines(world)).toEqual(['10s team: +a(0)', '130s team: -a(0..100)']);
});

test('AM-R10 a group is looked at after its wait, then at each interval, until it is empty', async () => {
  const world = await alertWorld(config(''));
  world.post({ labels: labelsOf('a'), starts: 0, ends: 1000 });
  await world.until(9);
  expect(lines(world)).toEqual([]);
  world.post({ labels: labelsOf('b'), starts: 9, ends: 1000 });
  await world.until(11);
  world.post({ labels: labelsOf('c'), starts: 11, ends: 50 });
  await world.until(60);
  world.post({ labels: labelsOf('a'), starts: 0, ends: 60 });
  world.post({ labels: labelsOf('b'), starts: 9, ends: 60 });
  await world.until(200);
  expect(lines(world)).toEqual([
    '10s team: +a(0) +b(9)',
    '40s team: +a(0) +b(9) +c(11)',
    '70s team: -a(0..60) -b(9..60) -c(11..50)',
  ]);
  expect(world.agent.pipeline.dispatcher.groups()).toEqual([]);
});

test('AM-R10 by all labels each alert is a group, and without a wait the first is told at once', async () => {
  const world = await alertWorld(
    config('').replace('[job]', "['...']").replace('group_wait: 10s', 'group_wait: 0s'),
  );
  world.post({ labels: labelsOf('a'), starts: 0 }, { labels: labelsOf('b'), starts: 0 });
  await world.until(1);
  expect(lines(world).toSorted()).toEqual(['0s team: +a(0)', '0s team: +b(0)']);
});

test.each([
  ['a name of a label', { größe: 'x', alertname: 'a' }, '"größe"="x"'],
  ['a value', { team: 'Übersicht 🙂', alertname: 'a' }, 'team="Übersicht 🙂"'],
  ['a name with a blank', { 'my label': 'x', alertname: 'a' }, '"my label"="x"'],
])('AM-A20 %s beyond ASCII is taken, routed and silenced', async (_, labels, matchers) => {
  const world = await alertWorld(`
route:
  receiver: other
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 1s
  routes: [{ receiver: team, matchers: ['${matchers}'], group_by: ['größe', 'team', 'my label'] }]
receivers: [{ name: team, webhook_configs: [{ url: '${url}' }] }, { name: other }]
`);
  expect(world.post({ labels, starts: 0 })).toMatchObject({ faults: [] });
  await world.until(1.5);
  expect(lines(world)).toEqual(['1s team: +a(0)']);
  const [told] = world.told;
  expect(told?.alerts[0]?.labels).toEqual(labels);
  const silenced = parseMatchers(matchers);
  if (isMatcherError(silenced)) throw new Error(silenced.error);
  world.commands.putSilence({
    matchers: silenced,
    startsAt: world.wallAt(1.5),
    endsAt: world.wallAt(60),
    createdBy: 'me',
    comment: '',
  });
  await world.until(5);
  expect(world.told).toHaveLength(1);
});
