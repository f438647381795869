import * as v from 'valibot';
import { optionalKey } from '../lib/schema-atoms.ts';
import { isLocation, type NumberRange } from '../model/time-interval.ts';
import { oneOf } from './nearest.ts';

const weekdayNames = words('sunday monday tuesday wednesday thursday friday saturday');

const monthNames = words(`january february march april may june july august september october
  november december`);

function words(text: string): readonly string[] {
  return text.split(/\s+/);
}

/** A whole number as it is written in a range, or undefined. */
function numberIn(text: string): number | undefined {
  return /^[+-]?\d{1,9}$/.test(text) ? Number(text) : undefined;
}

const clockTime = v.pipe(
  v.string('a time such as 09:00, at most 24:00'),
  v.regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, 'a time such as 09:00, at most 24:00'),
  v.transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))),
);

/** A value, or two with a colon between them; `fault` says what is wrong with a range of known values. */
function rangeOf(
  wanted: string,
  valueOf: (text: string) => number | undefined,
  fault: (range: NumberRange) => string | undefined = () => undefined,
) {
  return v.pipe(
    v.string(wanted),
    v.rawTransform(({ dataset, addIssue, NEVER }): NumberRange => {
      const parts = dataset.value.toLowerCase().split(':');
      const [from, to] = [valueOf(parts[0] ?? ''), valueOf(parts[1] ?? parts[0] ?? '')];
      if (from === undefined || to === undefined || parts.length > 2) {
        addIssue({ message: wanted });
        return NEVER;
      }
      const message = fault({ from, to });
      if (message === undefined) return { from, to };
      addIssue({ message });
      return NEVER;
    }),
  );
}

const weekday = rangeOf(
  'a weekday such as monday, or a range such as monday:friday',
  (text) => (weekdayNames.includes(text) ? weekdayNames.indexOf(text) : undefined),
  ({ from, to }) => {
    if (from <= to) return undefined;
    const [first, last] = [weekdayNames[from], weekdayNames[to]];
    const rest = to === 0 ? 'sunday' : `sunday:${last}`;
    const start = from === 6 ? 'saturday' : `${first}:saturday`;
    return `a range within a week from sunday to saturday (write two: ${start} and ${rest})`;
  },
);

const dayOfMonth = rangeOf(
  'a day such as 1 or -1, the last one, or a range such as 1:7 or -7:-1',
  (text) => {
    const day = numberIn(text);
    return day === undefined || day === 0 || Math.abs(day) > 31 ? undefined : day;
  },
  ({ from, to }) => {
    if (from < 0 && to > 0) {
      return `a range that ends at a negative day as well, since ${from} counts from the end`;
    }
    // In the shortest month the range would still have to hold a day.
    const earliest = (day: number): number => (day < 0 ? 28 + day : day);
    if (earliest(from) <= earliest(to)) return undefined;
    return to < 0 && from > 0
      ? `a range that never ends before it begins, as ${from}:${to} does in February`
      : `a range that ends after day ${from}`;
  },
);

const month = rangeOf(
  'a month such as january or 1, or a range such as may:august',
  (text) => {
    const number = monthNames.includes(text) ? monthNames.indexOf(text) + 1 : numberIn(text);
    return number === undefined || number < 1 || number > 12 ? undefined : number;
  },
  ({ from, to }) => {
    if (from <= to) return undefined;
    const [first, last] = [monthNames[from - 1], monthNames[to - 1]];
    return `a range within a year (write two: ${first}:december and january:${last})`;
  },
);

const year = rangeOf(
  'a year such as 2030, or a range such as 2030:2032',
  numberIn,
  ({ from, to }) => (from <= to ? undefined : 'a range whose first year is not after its last one'),
);

const location = v.pipe(
  v.string('a place such as Europe/Berlin, UTC or Local'),
  v.transform((text) => (text === '' ? 'UTC' : text)),
  v.check(isLocation, 'a place such as Europe/Berlin, UTC or Local'),
);

function some<const Item extends v.GenericSchema>(what: string, item: Item) {
  return v.pipe(v.array(item, `a list of ${what}`), v.minLength(1, `at least one of ${what}`));
}

const times = some(
  'times, each with start_time and end_time',
  v.strictObject(
    {
      start_time: clockTime,
      end_time: clockTime,
    },
    'a map of start_time and end_time',
  ),
);

/** The keys of one set of times within an interval. */
export const timeRuleEntries = {
  times: optionalKey('Times of day, from start_time until before end_time.', times),
  weekdays: optionalKey(
    `Days of the week, ${oneOf(weekdayNames)}, or ranges such as monday:friday.`,
    some('weekdays', weekday),
  ),
  days_of_month: optionalKey(
    'Days of the month or ranges; negative ones count from its end.',
    some('days', dayOfMonth),
  ),
  months: optionalKey(
    'Months by name or number, or ranges such as may:august.',
    some('months', month),
  ),
  years: optionalKey('Years, or ranges such as 2030:2032.', some('years', year)),
  location: optionalKey('The place whose clock counts. Default UTC.', location),
};

const ruleObject = v.strictObject(timeRuleEntries);

export type TimeRuleKeys = v.InferOutput<typeof ruleObject>;
