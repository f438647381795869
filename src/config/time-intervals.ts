import * as v from 'valibot';
import { nonEmptyText, optionalKey } from '../lib/schema-atoms.ts';
import type { TimeInterval } from '../model/route.ts';
import { isWithinRule, type TimeRule } from '../model/time-interval.ts';
import { read, readText } from './reader.ts';
import { refuse, type Reading } from './reading.ts';
import { timeRuleEntries, type TimeRuleKeys } from './time-rule-schema.ts';
import { isNothing, itemsOf, placeSeenFrom, valueOf, type Place, type Tree } from './tree.ts';

/** The two sections that name intervals; the second is the older name of the first. */
export const timeIntervalSections = ['time_intervals', 'mute_time_intervals'] as const;

const ruleSchema = v.strictObject(
  timeRuleEntries,
  'a map of times, weekdays, days_of_month, months, years and location',
);

const namedSchema = v.strictObject({ name: nonEmptyText }, 'a map of name and time_intervals');

/** One interval with its name, for describing the file. */
export const timeIntervalSchema = v.strictObject({
  name: nonEmptyText,
  time_intervals: optionalKey(
    'Times that belong to it; one of them is enough.',
    v.array(ruleSchema),
  ),
});

/** Reads the named intervals of both sections. Their names must differ. */
export function readTimeIntervals(reading: Reading, root: Tree): ReadonlyMap<string, TimeInterval> {
  const intervals = new Map<string, TimeInterval>();
  const places = new Map<string, Place>();
  for (const section of timeIntervalSections) {
    const list = valueOf(root, section);
    if (list !== undefined && list.kind !== 'list') {
      refuse(reading, list, 'expected a list of time intervals, each with a name');
    }
    for (const tree of itemsOf(list)) {
      const interval = readInterval(reading, tree, places);
      if (interval !== undefined) intervals.set(interval.name, interval);
    }
  }
  return intervals;
}

function readInterval(
  reading: Reading,
  tree: Tree,
  places: Map<string, Place>,
): TimeInterval | undefined {
  read(reading, tree, namedSchema, ['time_intervals']);
  const list = valueOf(tree, 'time_intervals');
  if (list !== undefined && list.kind !== 'list') {
    refuse(reading, list, 'expected a list of times, such as - weekdays: [saturday, sunday]');
  }
  const rules = itemsOf(list).flatMap((item) => readRule(reading, item) ?? []);
  const at = valueOf(tree, 'name');
  const name = readText(reading, at);
  if (at === undefined || name === undefined) return undefined;
  const first = places.get(name);
  if (first === undefined) places.set(name, at.place);
  else {
    const where = placeSeenFrom(first, at.place);
    refuse(reading, at, `the time interval ${JSON.stringify(name)} is already defined ${where}`);
  }
  return { name, contains: (atMs) => rules.some((rule) => isWithinRule(rule, atMs)) };
}

function readRule(reading: Reading, tree: Tree): TimeRule | undefined {
  // Nothing is asked for, so everything belongs to it.
  if (isNothing(tree)) return {};
  const keys = read(reading, tree, ruleSchema);
  if (keys === undefined) return undefined;
  refuseTimes(reading, valueOf(tree, 'times'), keys);
  return {
    ...(keys.times === undefined ? {} : { times: keys.times.map(minutesOf) }),
    ...(keys.weekdays === undefined ? {} : { weekdays: keys.weekdays }),
    ...(keys.days_of_month === undefined ? {} : { daysOfMonth: keys.days_of_month }),
    ...(keys.months === undefined ? {} : { months: keys.months }),
    ...(keys.years === undefined ? {} : { years: keys.years }),
    ...(keys.location === undefined ? {} : { location: keys.location }),
  };
}

type Times = NonNullable<TimeRuleKeys['times']>[number];

function minutesOf({ start_time: fromMinute, end_time: beforeMinute }: Times) {
  return { fromMinute, beforeMinute };
}

function refuseTimes(reading: Reading, tree: Tree | undefined, { times = [] }: TimeRuleKeys): void {
  for (const [position, { start_time: start, end_time: end }] of times.entries()) {
    const at = itemsOf(tree)[position];
    if (start < end || at === undefined) continue;
    const [from, to] = [textOf(at, 'start_time'), textOf(at, 'end_time')];
    const over = `over midnight, write two: ${from} to 24:00 and 00:00 to ${to}`;
    const hint = start === end || end === 0 ? `24:00 is the end of a day` : over;
    refuse(reading, at, `expected an end_time after ${from}, found ${to}; ${hint}`);
  }
}

function textOf(tree: Tree, key: string): string {
  const value = valueOf(tree, key);
  return value?.kind === 'scalar' ? value.text : '';
}
