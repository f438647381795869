import * as v from 'valibot';
import { humanDuration } from '../lib/duration.ts';
import {
  defaultedKey,
  nonEmptyText,
  optionalKey,
  type OutputOf,
  regularExpression,
  wholeNumber,
} from '../lib/schema-atoms.ts';
import { notOk, ok, type CheckResult, type MeasuredValue } from '../model/result.ts';
import { checkType } from './check-type.ts';
import { formatBytes } from './host/bytes.ts';
import { couldNotLook, isUnreadable } from './host/host-file.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';
import { createUnitsSeen } from './host/process-unit.ts';
import {
  findProcesses,
  hidesProcesses,
  type FoundProcess,
  type ProcessSelector,
} from './host/process-search.ts';

const selector = v.strictObject(
  {
    /** Name of the program, as `ps -C` knows it. */
    name: v.optional(nonEmptyText),
    /** A pattern for the whole command line, arguments separated by blanks. */
    cmdline: v.optional(regularExpression),
    /** A file with the number of the process. */
    pidfile: v.optional(nonEmptyText),
    /** Name or number of the user it runs as. */
    user: v.optional(v.union([nonEmptyText, wholeNumber], 'a user name or number')),
  },
  'a name, or a map of name, cmdline, pidfile and user',
);

const entries = {
  process: v.pipe(
    v.union([nonEmptyText, selector], 'a name, or a map of name, cmdline, pidfile and user'),
    v.transform((value): ProcessSelector => (typeof value === 'string' ? { name: value } : value)),
    v.check(
      (value) => Object.values(value).some((part) => part !== undefined),
      'at least one of name, cmdline, pidfile and user',
    ),
    v.description('Which processes: a name, or several conditions that must all hold.'),
  ),
  min: defaultedKey('How many must run.', wholeNumber, 1),
  max: optionalKey('How many may run.', wholeNumber),
};

type Options = OutputOf<typeof entries>;

/** Judges how many processes there are of a kind. */
export const processOf = (places: HostPlaces) =>
  checkType({
    entries,
    refuse: ({ min, max }) =>
      max !== undefined && max < min ? `max (${max}) is less than min (${min})` : undefined,
    target: ({ process }) => describe(process),
    open({ options }) {
      const units = createUnitsSeen(places.proc);
      return {
        async run({ signal }) {
          const found = await findProcesses(options.process, places, signal);
          if (isUnreadable(found)) return couldNotLook(found);
          if (found.length < options.min && (await hidesProcesses(places))) {
            return notOk('unknown', 'permission', hiddenSentence(places));
          }
          await units.see(found.map(({ pid }) => pid));
          return units.tellIn(judge(found, options));
        },
      };
    },
  });

export const process = processOf(hostPlaces);

function describe({ name, cmdline, pidfile, user }: Options['process']): string {
  return [
    ...(name === undefined ? [] : [name]),
    ...(cmdline === undefined ? [] : [`/${cmdline.source}/`]),
    ...(pidfile === undefined ? [] : [`pid file ${pidfile}`]),
    ...(user === undefined ? [] : [`user ${user}`]),
  ].join(', ');
}

function hiddenSentence({ proc }: HostPlaces): string {
  return (
    `${proc} hides the processes of other users (hidepid): put the user of the agent into the ` +
    `group that gid= of that mount names, or mount it with hidepid=0`
  );
}

function judge(found: readonly FoundProcess[], { process, min, max }: Options): CheckResult {
  const count = found.length;
  const residentBytes = found.reduce((sum, { residentBytes }) => sum + residentBytes, 0);
  // The main process, as a rule: its workers come and go.
  const oldest = Math.max(0, ...found.map(({ ageSeconds }) => ageSeconds));
  const values: MeasuredValue[] = [
    { metric: 'count', value: count },
    { metric: 'resident_bytes', value: residentBytes, unit: 'B' },
    { metric: 'oldest_age_seconds', value: oldest, unit: 's' },
  ];
  const age = count === 0 ? {} : { subjectAgeMs: oldest * 1000 };
  const counted = count === 0 ? 'no process' : count === 1 ? '1 process' : `${count} processes`;
  const what = `${describe(process)}: ${counted}`;
  if (count < min) {
    const reason = count === 0 ? 'missing' : 'threshold';
    return notOk('critical', reason, `${what}, wanted at least ${min}`, { values, ...age });
  }
  if (max !== undefined && count > max) {
    return notOk('critical', 'threshold', `${what}, wanted at most ${max}`, { values, ...age });
  }
  const size = `${formatBytes(residentBytes)} resident, oldest ${humanDuration(oldest * 1000)}`;
  return ok(count === 0 ? `${what}, as wanted` : `${what}, ${size}`, { values, ...age });
}
