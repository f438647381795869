import { expect, test } from 'vitest';
import type { WallMs } from '../../../src/model/time.ts';
import { ask } from '../../support/ask.ts';
import { configOf as loadedFrom, problemsOf } from '../../support/config.ts';
import { eventually } from '../../support/eventually.ts';
import { diceOf } from '../../support/random-case.ts';
import { startWebhookServer } from '../../support/webhook-server.ts';
import { hasAmtool, refusals } from './kit/amtool.ts';
import { hasAlertmanager, startAlertmanager } from './kit/oracle.ts';
import { randomRule } from './kit/random-interval.ts';

/** One set of times each, which both programs must take or refuse. */
const rules: readonly string[] = [
  '{}',
  '',
  '{ times: [{ start_time: "09:00", end_time: "17:00" }] }',
  '{ times: [{ start_time: 09:00, end_time: 17:00 }] }',
  '{ times: [{ start_time: "00:00", end_time: "24:00" }] }',
  '{ times: [{ start_time: "22:00", end_time: "06:00" }] }',
  '{ times: [{ start_time: "09:00", end_time: "09:00" }] }',
  '{ times: [{ start_time: "24:00", end_time: "24:00" }] }',
  '{ times: [{ start_time: "9:00", end_time: "17:00" }] }',
  '{ times: [{ start_time: "09:00", end_time: "17:60" }] }',
  '{ times: [{ start_time: "09:00", end_time: "24:01" }] }',
  '{ times: [{ start_time: "09:00:00", end_time: "17:00" }] }',
  '{ times: [{ start_time: "09:00" }] }',
  '{ times: [{ start_time: "", end_time: "17:00" }] }',
  '{ times: [{ start: "09:00", end: "17:00" }] }',
  '{ weekdays: [monday] }',
  '{ weekdays: [Monday, TUESDAY] }',
  "{ weekdays: ['monday:friday'] }",
  "{ weekdays: ['sunday:saturday'] }",
  "{ weekdays: ['Monday:FRIDAY'] }",
  "{ weekdays: ['saturday:sunday'] }",
  "{ weekdays: ['monday:'] }",
  "{ weekdays: [':monday'] }",
  "{ weekdays: ['monday:tuesday:friday'] }",
  "{ weekdays: ['monday : friday'] }",
  '{ weekdays: [mon] }',
  '{ weekdays: [1] }',
  '{ weekdays: [""] }',
  '{ days_of_month: [1, 31, -1, -31] }',
  "{ days_of_month: ['1:15', '-15:-1', '1:-1', '15:-10'] }",
  '{ days_of_month: [0] }',
  '{ days_of_month: [32] }',
  '{ days_of_month: [-32] }',
  "{ days_of_month: ['-5:5'] }",
  "{ days_of_month: ['10:5'] }",
  "{ days_of_month: ['-1:-5'] }",
  "{ days_of_month: ['28:-5'] }",
  "{ days_of_month: ['23:-5'] }",
  "{ days_of_month: ['+3'] }",
  "{ days_of_month: ['1.5'] }",
  "{ days_of_month: ['first'] }",
  "{ days_of_month: ['1:'] }",
  "{ days_of_month: ['1:x'] }",
  '{ months: [january, 12, DECEMBER] }',
  "{ months: ['may:august', '1:3', 'january:3'] }",
  "{ months: ['november:february'] }",
  '{ months: [jan] }',
  "{ months: ['1:2:3'] }",
  '{ years: [2030] }',
  "{ years: ['2030:2032'] }",
  "{ years: ['2032:2030'] }",
  '{ years: [soon] }',
  "{ years: ['20x0'] }",
  '{ location: Europe/Berlin }',
  '{ location: UTC }',
  '{ location: Local }',
  '{ location: "" }',
  '{ location: Etc/GMT+3 }',
  '{ location: Mars/Olympus }',
  '{ location: "+02:00" }',
  '{ weekday: [monday] }',
  '[monday]',
  'monday',
];

/** What Alertmanager takes although it can never match, and tocsin refuses to spare people the search. */
const never: readonly string[] = [
  '{ months: [13] }',
  '{ months: [0] }',
  '{ months: ["-1"] }',
  '{ times: [] }',
  '{ weekdays: [] }',
];

const configOf = (rule: string): string => `route:
  receiver: a
  routes: [{ receiver: a, mute_time_intervals: [x] }]
receivers: [{ name: a }]
time_intervals:
  - name: x
    time_intervals:
      - ${rule}
`;

/** Whole configurations about names of intervals. */
const files: readonly string[] = [
  ['route: { receiver: a, mute_time_intervals: [x] }', 'time_intervals: [{ name: x }]'],
  ['route: { receiver: a, active_time_intervals: [x] }', 'time_intervals: [{ name: x }]'],
  ['route: { receiver: a, mute_time_intervals: [] }'],
  ['route: { receiver: a, routes: [{ mute_time_intervals: [x] }] }'],
  ['route: { receiver: a, routes: [{ active_time_intervals: [x] }] }'],
  [
    'route: { receiver: a, routes: [{ active_time_intervals: [x] }] }',
    'time_intervals: [{ name: x }]',
  ],
  [
    'route: { receiver: a, routes: [{ mute_time_intervals: [x] }] }',
    'mute_time_intervals: [{ name: x }]',
  ],
  ['route: { receiver: a }', 'time_intervals: [{ name: x }, { name: x }]'],
  ['route: { receiver: a }', 'time_intervals: [{ name: x }]', 'mute_time_intervals: [{ name: x }]'],
  ['route: { receiver: a }', 'time_intervals: [{ time_intervals: [] }]'],
  ['route: { receiver: a }', 'time_intervals: [{ name: "" }]'],
  ['route: { receiver: a }', 'time_intervals: [{ name: x, time_intervals: [] }]'],
].map((lines) => [...lines, 'receivers: [{ name: a }]', ''].join('\n'));

test.skipIf(!hasAmtool)('AM-M01 ranges are taken or refused as amtool does', async () => {
  const texts = [...rules.map(configOf), ...files];
  const [theirs, ours] = await Promise.all([
    refusals(texts),
    Promise.all(texts.map((text) => problemsOf(text))),
  ]);
  const differences = texts.flatMap((text, index) => {
    const [own = [], other] = [ours[index], theirs[index]];
    return (own.length === 0) === (other === undefined) ? [] : [{ text, ours: own, amtool: other }];
  });
  expect(differences).toEqual([]);
});

test.skipIf(!hasAmtool)('what can never match is refused though amtool takes it', async () => {
  const texts = never.map(configOf);
  expect(await refusals(texts)).toEqual(texts.map(() => undefined));
  for (const text of texts) expect(await problemsOf(text)).toHaveLength(1);
});

/** Two minutes, in which no rule that counts may change: both programs look at different moments. */
const marginMs = 120_000;

test.skipIf(!hasAlertmanager)(
  'AM-M01 random intervals hold the present where Alertmanager says so',
  async () => {
    const dice = diceOf(11);
    const intervals = Array.from({ length: 250 }, (_, index) => {
      return { name: `i${index}`, time_intervals: dice.several(1, 2, () => randomRule(dice)) };
    });
    await using hook = await startWebhookServer();
    const names = [...intervals.map(({ name }) => name), 'always'];
    const config = JSON.stringify({
      route: {
        receiver: 'always',
        group_wait: '0s',
        group_interval: '1s',
        repeat_interval: '1s',
        routes: names.map((name) => {
          const muted = name === 'always' ? {} : { mute_time_intervals: [name] };
          return { receiver: name, match: { a: 'b' }, continue: true, ...muted };
        }),
      },
      time_intervals: intervals,
      receivers: names.map((name) => {
        return { name, webhook_configs: [{ url: `${hook.origin}/${name}` }] };
      }),
    });
    const { route } = await loadedFrom(config);
    await using alertmanager = await startAlertmanager(config);
    await ask(`${alertmanager.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([{ labels: { a: 'b' } }]),
    });
    const toldTimes = (name: string): number =>
      hook.requests.filter(({ path }) => path === `/${name}`).length;
    // Every group has been looked at twice by the time the last one has told three times.
    await eventually(() => toldTimes('always') >= 3, 'three messages');
    const nowMs = Date.now();
    const differences: unknown[] = [];
    const seen = { muted: 0, told: 0 };
    for (const [index, { time_intervals: rules }] of intervals.entries()) {
      const contains = route.routes[index]?.muteTimeIntervals[0]?.contains;
      const at = (ms: number): boolean | undefined => contains?.((nowMs + ms) as WallMs);
      const muted = at(0);
      if (at(-marginMs) !== muted || at(marginMs) !== muted) continue;
      seen[muted === true ? 'muted' : 'told'] += 1;
      if ((toldTimes(`i${index}`) === 0) !== muted) differences.push({ rules, muted });
    }
    expect(differences).toEqual([]);
    expect(seen.muted).toBeGreaterThan(40);
    expect(seen.told).toBeGreaterThan(40);
  },
  30_000,
);
