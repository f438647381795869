import { expect, test } from 'vitest';
import type { PostAnswer } from '../../../src/model/alert-post.ts';
import type { Labels } from '../../../src/model/labels.ts';
import { postedAlertsMax } from '../../../src/model/limits.ts';
import { alertWorld, line, type AlertWorld } from '../../support/alert-world.ts';
import { spec } from '../../support/policy.ts';
import { wholeAgent } from '../../support/whole-agent.ts';

const config = `
agent: { name: web-1 }
route: { receiver: team, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 4h }
receivers: [{ name: team, webhook_configs: [{ url: 'http://127.0.0.1:9/' }] }]
checks: []
`;

const disk = { alertname: 'disk' };

function lines({ told }: AlertWorld): string[] {
  return told.map(line);
}

test('an alert without an end resolves when nobody has posted it again for resolve_timeout', async () => {
  const world = await alertWorld(`${config}\nglobal: { resolve_timeout: 1m }`);
  world.post({ labels: disk });
  await world.until(50);
  world.post({ labels: disk });
  await world.until(109);
  expect(lines(world)).toEqual(['0s team: +disk(0)']);
  await world.until(115);
  expect(lines(world)).toEqual(['0s team: +disk(0)', '110s team: -disk(0..110)']);
});

test('resolve_timeout is five minutes by default, and a reload changes it', async () => {
  const world = await alertWorld(config);
  world.post({ labels: disk });
  await world.reload(`${config}\nglobal: { resolve_timeout: 10s }`);
  world.post({ labels: { alertname: 'other' } });
  await world.until(301);
  expect(lines(world)).toEqual([
    '0s team: +disk(0)',
    '0s team: +other(0)',
    '10s team: -other(0..10)',
    '300s team: -disk(0..300)',
  ]);
});

test('a Prometheus gives an end four minutes ahead and moves it with each copy; then it resolves', async () => {
  const world = await alertWorld(config);
  for (const minute of [0, 1, 2]) {
    await world.until(minute * 60);
    world.post({ labels: disk, starts: 0, ends: minute * 60 + 240 });
  }
  await world.until(150);
  for (const repeat of [150, 210, 270]) {
    await world.until(repeat);
    world.post({ labels: disk, starts: 0, ends: 150 });
  }
  await world.until(1500);
  expect(lines(world)).toEqual(['0s team: +disk(0)', '151s team: -disk(0..150)']);
});

test('a Prometheus that is gone takes its alerts with it after the time that it gave', async () => {
  const world = await alertWorld(config);
  world.post({ labels: disk, starts: 0, ends: 240 });
  await world.until(300);
  expect(lines(world)).toEqual(['0s team: +disk(0)', '240s team: -disk(0..240)']);
});

test('the end of something that was never posted is no news', async () => {
  const world = await alertWorld(config);
  world.post({ labels: disk, starts: -10, ends: -5 });
  await world.until(10);
  expect(lines(world)).toEqual([]);
  expect(world.commands.alerts()).toEqual([]);
});

test('the end of an earlier occurrence, told by a slower sender, does not end the present one', async () => {
  const world = await alertWorld(config);
  await world.until(10);
  world.post({ labels: disk, starts: 10, ends: 250 });
  world.post({ labels: disk, starts: 1, ends: 5 });
  await world.until(20);
  expect(lines(world)).toEqual(['10s team: +disk(10)']);
});

test('an end without a start ends the alert, although the clock of the sender is behind', async () => {
  const world = await alertWorld(config);
  await world.until(10);
  world.post({ labels: disk });
  await world.until(12);
  world.post({ labels: disk, ends: 7 });
  await world.until(20);
  expect(lines(world)).toEqual(['10s team: +disk(10)', '13s team: -disk(7..7)']);
});

test('a step of the date neither resolves an alert nor keeps it', async () => {
  const world = await alertWorld(`${config}\nglobal: { resolve_timeout: 1m }`);
  world.post({ labels: disk });
  world.clock.jumpWall(86_400_000);
  await world.until(59);
  expect(world.told).toHaveLength(1);
  world.clock.jumpWall(-3 * 86_400_000);
  await world.until(61);
  expect(world.told.map(({ status }) => status)).toEqual(['firing', 'resolved']);
});

test('what is posted survives a kill, and time during which nobody could post does not count', async () => {
  const world = await alertWorld(`${config}\nglobal: { resolve_timeout: 1m }`);
  world.post({ labels: disk, annotations: { summary: 'full' } });
  await world.until(2);
  world.kill();
  await world.until(600);
  world.start();
  expect(world.commands.alerts().map(({ alert }) => alert.annotations)).toEqual([
    { summary: 'full' },
  ]);
  await world.until(655);
  expect(lines(world)).toEqual(['0s team: +disk(0)']);
  await world.until(665);
  expect(world.told.map(({ status }) => status)).toEqual(['firing', 'resolved']);
});

test('a reload to other routes takes posted alerts along', async () => {
  const world = await alertWorld(config);
  world.post({ labels: disk, starts: 0, ends: 240 });
  await world.until(1);
  await world.reload(config.replace('[alertname]', '[]'));
  await world.until(2);
  world.post({ labels: disk, starts: 0, ends: 2 });
  await world.until(10);
  expect(lines(world)).toEqual(['0s team: +disk(0)', '3s team: -disk(0..2)']);
});

test('the answer says when the disk refuses; what was taken is told all the same, and saved later', async () => {
  const world = await alertWorld(config);
  world.disk.full = true;
  expect(world.post({ labels: disk, starts: 0, ends: 240 })).toMatchObject({ saved: false });
  expect(world.post({ labels: disk, starts: 0, ends: 240 })).toMatchObject({ saved: false });
  await world.until(1);
  expect(lines(world)).toEqual(['0s team: +disk(0)']);
  world.disk.full = false;
  await world.until(20);
  expect(world.post({ labels: disk, starts: 0, ends: 260 })).toMatchObject({ saved: true });
  world.kill();
  world.start();
  expect(world.commands.alerts()).toHaveLength(1);
});

test('labels of a check of this agent are refused, so that it cannot be sent its own alerts', async () => {
  const whole = wholeAgent([spec({ name: 'gateway' })]);
  const post = (labels: Labels): PostAnswer =>
    whole.agent.posted.post([{ labels, annotations: {}, generatorURL: '' }]);
  const own = { alertname: 'gateway', check: 'gateway', host: 'web-1' };
  expect(post(own).faults).toEqual(['these are the labels of the check gateway of this agent']);
  expect(post({ ...own, host: 'web-2' }).faults).toEqual([]);
  expect(post({ ...own, check: 'other' }).faults).toEqual([]);
  expect(await whole.metric('tocsin_posted_alerts_total{outcome="invalid"}')).toBe(1);
  expect(await whole.metric('tocsin_posted_alerts_total{outcome="firing"}')).toBe(2);
  expect(
    whole.log.filter((text) => text.includes('alerts that others post were refused')),
  ).toHaveLength(1);
});

test('valid alerts are taken, whatever is wrong with the others', async () => {
  const world = await alertWorld(config);
  const answer = world.post(
    { labels: {} },
    { labels: { empty: '' } },
    { labels: { '': 'x' } },
    { labels: { x: '\uD800' } },
    { labels: { late: 'x' }, starts: 10, ends: 5 },
    { labels: { far: 'x' }, starts: 10_000 },
    { labels: { x: 'y'.repeat(10_000) } },
    { labels: disk, annotations: { x: 'y'.repeat(100_000) } },
    { labels: { ...disk, empty: '' }, annotations: { empty: '' } },
  );
  expect(answer.faults).toEqual([
    'at least one label pair required',
    'at least one label pair required',
    'invalid label set: invalid name ""',
    'invalid label set: invalid value "\\ud800"',
    'start time must be before end time',
    'start time must be before end time',
    'labels of 10001 characters, at most 8192 are taken',
    'annotations of 100001 characters, at most 32768 are taken',
  ]);
  expect(world.commands.alerts().map(({ alert }) => [alert.labels, alert.annotations])).toEqual([
    [disk, { empty: '' }],
  ]);
});

test('names of members of every object are labels like any other', async () => {
  const world = await alertWorld(config.replace('[alertname]', '[constructor, __proto__]'));
  const odd = JSON.parse('{"constructor":"a","__proto__":"b","toString":""}') as object;
  expect(world.post({ labels: { ...disk, ...odd }, annotations: { ...odd } })).toMatchObject({
    faults: [],
  });
  world.post({ labels: disk });
  await world.until(1);
  world.kill();
  world.start();
  await world.until(2);
  const told = world.told.map(({ alerts }) => JSON.stringify(alerts[0]?.labels));
  expect(told.toSorted()).toEqual([
    '{"alertname":"disk","constructor":"a","__proto__":"b"}',
    '{"alertname":"disk"}',
  ]);
});

test('beyond the limit no more alerts are taken, known ones go on, and the agent says so', async () => {
  const world = await alertWorld(config.replace('[alertname]', '[]').replace('0s', '1h'));
  const many = Array.from({ length: postedAlertsMax }, (_, n) => ({ labels: { n: String(n) } }));
  world.post(...many);
  expect(world.post({ labels: disk }, { labels: { n: '7' } })).toMatchObject({ tooMany: 1 });
  expect(world.agent.health().problems).toEqual([
    { critical: true, summary: 'alerts that others post are refused: 20000 fire already' },
  ]);
  world.post({ labels: { n: '7' }, ends: 0 });
  expect(world.post({ labels: disk })).toMatchObject({ tooMany: 0, faults: [] });
});

test.each(['firing', 'resolved'])(
  'a kill after the answer, before routing is saved, loses nothing that is %s',
  async (last) => {
    const world = await alertWorld(config.replace('0s', '5s'));
    world.post({ labels: disk, starts: 0, ends: 240 });
    await world.until(6);
    if (last === 'resolved') world.post({ labels: disk, starts: 0, ends: 6 });
    else world.post({ labels: { alertname: 'other' }, starts: 6, ends: 240 });
    world.kill();
    world.start();
    await world.until(20);
    expect(lines(world)).toEqual([
      '5s team: +disk(0)',
      last === 'resolved' ? '6s team: -disk(0..6)' : '11s team: +other(6)',
    ]);
  },
);
