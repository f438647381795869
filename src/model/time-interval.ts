import type { WallMs } from './time.ts';

/** Both ends belong to it. */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

/** Minutes of a day, 0 to 1440; the last one no longer belongs to it. */
export interface MinuteRange {
  readonly fromMinute: number;
  readonly beforeMinute: number;
}

/** Times that have everything in common that is given here; what is left out is not asked for. */
export interface TimeRule {
  readonly times?: readonly MinuteRange[];
  /** 0 is Sunday. */
  readonly weekdays?: readonly NumberRange[];
  /** From 1; negative ones count from the end of the month, -1 is its last day. */
  readonly daysOfMonth?: readonly NumberRange[];
  /** 1 is January. */
  readonly months?: readonly NumberRange[];
  readonly years?: readonly NumberRange[];
  /** An IANA name, or `Local` for the zone of this host; UTC if it is left out. */
  readonly location?: string;
}

/** What a calendar and a clock on the wall show. */
interface Moment {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly minute: number;
}

/**
 * Whether a moment lies within a rule, as Alertmanager's `time_intervals` mean it: the clock on the wall of
 * the rule's place is asked, so that an hour that a change of the clocks repeats counts twice.
 */
export function isWithinRule(rule: TimeRule, atMs: WallMs): boolean {
  const { year, month, day, minute } = momentAt(rule.location ?? 'UTC', atMs);
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  return (
    (rule.times?.some((time) => minute >= time.fromMinute && minute < time.beforeMinute) ?? true) &&
    isIn(rule.weekdays, weekday) &&
    (rule.daysOfMonth?.some((range) => holdsDay(range, day, daysIn(year, month))) ?? true) &&
    isIn(rule.months, month) &&
    isIn(rule.years, year)
  );
}

function isIn(ranges: readonly NumberRange[] | undefined, value: number): boolean {
  return ranges?.some(({ from, to }) => value >= from && value <= to) ?? true;
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** A range that begins after the end of a short month holds none of its days; one that ends there does. */
function holdsDay({ from, to }: NumberRange, day: number, days: number): boolean {
  const dayOf = (number: number): number => (number < 0 ? days + number + 1 : number);
  return day >= dayOf(from) && day <= dayOf(to);
}

function momentAt(location: string, atMs: WallMs): Moment {
  const date = new Date(atMs);
  if (location === 'UTC') {
    return {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      minute: date.getUTCHours() * 60 + date.getUTCMinutes(),
    };
  }
  if (location === 'Local') {
    return {
      year: date.getFullYear(),
      month: date.getMonth() + 1,
      day: date.getDate(),
      minute: date.getHours() * 60 + date.getMinutes(),
    };
  }
  const parts: Record<string, number> = {};
  for (const { type, value } of formatterFor(location).formatToParts(date)) {
    parts[type] = Number(value);
  }
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = parts;
  return { year, month, day, minute: hour * 60 + minute };
}

/** Making a formatter costs some hundred times what using it does. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  formatters.set(timeZone, made);
  return made;
}

/** Whether there is such a place: a name of the IANA database, `UTC` or `Local`. */
export function isLocation(name: string): boolean {
  if (name === 'Local' || name === 'UTC') return true;
  // What runs JavaScript also takes offsets such as +02:00, which are no places.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    formatterFor(name);
    return true;
  } catch {
    return false;
  }
}
