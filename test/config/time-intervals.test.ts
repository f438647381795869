import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/model/config.ts';
import type { WallMs } from '../../src/model/time.ts';
import { configOf, problemsOf } from '../support/config.ts';

const withRule = (rule: string): string => `route:
  receiver: a
  routes: [{ mute_time_intervals: [x] }]
receivers: [{ name: a }]
time_intervals:
  - name: x
    time_intervals:
      - ${rule}
`;

function contains(config: Config, date: string): boolean | undefined {
  const [interval] = config.route.routes[0]?.muteTimeIntervals ?? [];
  return interval?.contains(Date.parse(date) as WallMs);
}

describe('time intervals', () => {
  test('belong to the routes that name them, and are not handed down', async () => {
    const { route } = await configOf(`
route:
  receiver: a
  routes:
    - mute_time_intervals: [nights, holidays]
      active_time_intervals: [office]
      routes: [{ receiver: a }]
receivers: [{ name: a }]
time_intervals:
  - { name: nights, time_intervals: [{ times: [{ start_time: "22:00", end_time: "24:00" }] }] }
  - { name: office, time_intervals: [{ weekdays: ["monday:friday"] }] }
mute_time_intervals:
  - { name: holidays, time_intervals: [{ months: [december], days_of_month: ["24:26"] }] }
`);
    const [first] = route.routes;
    expect(first?.muteTimeIntervals.map(({ name }) => name)).toEqual(['nights', 'holidays']);
    expect(first?.activeTimeIntervals.map(({ name }) => name)).toEqual(['office']);
    expect(first?.routes[0]).toMatchObject({ muteTimeIntervals: [], activeTimeIntervals: [] });
  });

  test.each<[string, string, boolean]>([
    ['{ weekdays: [Monday] }', '2030-07-08T12:00:00Z', true],
    ["{ weekdays: ['monday:wednesday', sunday] }", '2030-07-11T12:00:00Z', false],
    ['{ days_of_month: [-1] }', '2030-02-28T12:00:00Z', true],
    ["{ days_of_month: ['1:3', '-3:-1'] }", '2030-02-25T12:00:00Z', false],
    ['{ months: [2, "november:december"] }', '2030-11-30T12:00:00Z', true],
    ['{ years: [2031, 2033] }', '2030-11-30T12:00:00Z', false],
    ['{ times: [{ start_time: 09:00, end_time: 17:00 }] }', '2030-07-08T16:59:00Z', true],
    [
      '{ times: [{ start_time: 09:00, end_time: 17:00 }], location: Asia/Tokyo }',
      '2030-07-08T16:59:00Z',
      false,
    ],
    ['{ location: "" }', '2030-07-08T16:59:00Z', true],
    ['{}', '2030-07-08T16:59:00Z', true],
    ['', '2030-07-08T16:59:00Z', true],
    ['{ years: [2029] }\n      - { years: [2030] }', '2030-07-08T16:59:00Z', true],
  ])('%s at %s: %s', async (rule, date, expected) => {
    expect(contains(await configOf(withRule(rule)), date)).toBe(expected);
  });

  const range = 'time_intervals[0].time_intervals[0]';
  test.each<[string, string]>([
    [
      '{ times: [{ start_time: "22:00", end_time: "06:00" }] }',
      `8: ${range}.times[0]: expected an end_time after 22:00, found 06:00; over midnight, write two: 22:00 to 24:00 and 00:00 to 06:00`,
    ],
    [
      '{ times: [{ start_time: "22:00", end_time: "00:00" }] }',
      `8: ${range}.times[0]: expected an end_time after 22:00, found 00:00; 24:00 is the end of a day`,
    ],
    [
      '{ times: [{ start_time: "9:00", end_time: "24:01" }] }',
      `8: ${range}.times[0].start_time: expected a time such as 09:00, at most 24:00, found "9:00"`,
    ],
    [
      '{ times: [{ start_time: "09:00" }] }',
      `8: ${range}.times[0].end_time: the key end_time is missing`,
    ],
    [
      '{ times: [] }',
      `8: ${range}.times: expected at least one of times, each with start_time and end_time, found a list`,
    ],
    [
      '{ weekdays: [mon] }',
      `8: ${range}.weekdays[0]: expected a weekday such as monday, or a range such as monday:friday, found "mon"`,
    ],
    [
      "{ weekdays: ['friday:monday'] }",
      `8: ${range}.weekdays[0]: expected a range within a week from sunday to saturday (write two: friday:saturday and sunday:monday), found "friday:monday"`,
    ],
    [
      "{ weekdays: ['saturday:sunday'] }",
      `8: ${range}.weekdays[0]: expected a range within a week from sunday to saturday (write two: saturday and sunday), found "saturday:sunday"`,
    ],
    [
      '{ days_of_month: [0] }',
      `8: ${range}.days_of_month[0]: expected a day such as 1 or -1, the last one, or a range such as 1:7 or -7:-1, found 0`,
    ],
    [
      "{ days_of_month: ['-3:2'] }",
      `8: ${range}.days_of_month[0]: expected a range that ends at a negative day as well, since -3 counts from the end, found "-3:2"`,
    ],
    [
      "{ days_of_month: ['7:3'] }",
      `8: ${range}.days_of_month[0]: expected a range that ends after day 7, found "7:3"`,
    ],
    [
      "{ days_of_month: ['29:-1'] }",
      `8: ${range}.days_of_month[0]: expected a range that never ends before it begins, as 29:-1 does in February, found "29:-1"`,
    ],
    [
      '{ months: [13] }',
      `8: ${range}.months[0]: expected a month such as january or 1, or a range such as may:august, found 13`,
    ],
    [
      "{ months: ['november:february'] }",
      `8: ${range}.months[0]: expected a range within a year (write two: november:december and january:february), found "november:february"`,
    ],
    [
      "{ years: ['2031:2030'] }",
      `8: ${range}.years[0]: expected a range whose first year is not after its last one, found "2031:2030"`,
    ],
    [
      '{ location: Europe/Berlyn }',
      `8: ${range}.location: expected a place such as Europe/Berlin, UTC or Local, found "Europe/Berlyn"`,
    ],
    [
      '{ weekday: [monday] }',
      `8: ${range}.weekday: unknown key "weekday", did you mean "weekdays"?`,
    ],
  ])('%s is refused by line', async (rule, problem) => {
    const problems = await problemsOf(withRule(rule));
    expect(problems[0]?.replace(/^(\d+):\d+/, '$1')).toBe(problem);
  });

  test('must exist, have names that differ, and not stand at the first route', async () => {
    expect(
      await problemsOf(`route:
  receiver: a
  active_time_intervals: [nights]
  routes:
    - mute_time_intervals: [night]
receivers: [{ name: a }]
time_intervals:
  - name: nights
  - time_intervals: []
mute_time_intervals:
  - name: nights
`),
    ).toEqual([
      '3:26: route.active_time_intervals: the first route takes every alert, expected it without active_time_intervals',
      '5:29: route.routes[0].mute_time_intervals[0]: there is no time interval "night", did you mean "nights"?',
      '9:5: time_intervals[1].name: the key name is missing',
      '11:11: mute_time_intervals[0].name: the time interval "nights" is already defined on line 8',
    ]);
  });
});
