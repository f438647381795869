import * as v from 'valibot';
import {
  duration,
  flag,
  labels,
  nonEmptyText,
  optionalKey,
  positiveDuration,
  text,
} from '../lib/schema-atoms.ts';
import { severities, type CheckTypeName } from '../model/check.ts';
import { debounceSchema } from './debounce.ts';
import { oneOf } from './nearest.ts';
import type { CheckTypeKeys } from './tables.ts';

const nameMessage = 'a name of up to 100 letters, digits, spaces and . _ - : /';

/** The name of a check: it becomes a label, a part of URLs and a word on the command line. */
export const checkName = v.pipe(
  v.string(nameMessage),
  v.regex(/^[\p{L}\p{N} ._:/-]{1,100}$/u, nameMessage),
  v.check((name) => name.trim() === name, 'a name without spaces around it'),
);

const timeZoneMessage = 'a time zone such as Europe/Berlin';

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** The name of a time zone. */
export const timeZone = v.pipe(v.string(timeZoneMessage), v.check(isTimeZone, timeZoneMessage));

/** What every check may say, and `defaults` for all of them. */
const sharedEntries = {
  interval: optionalKey(
    'How often it runs. Default 30s, or what suits the type.',
    positiveDuration,
  ),
  schedule: optionalKey(
    'When it runs, as a cron expression such as "*/2 * * * *", instead of interval.',
    nonEmptyText,
  ),
  tz: optionalKey('Time zone of schedule. Default: that of the host.', timeZone),
  timeout: optionalKey(
    'How long one run may take, at most the interval. Default 10s, or what suits the type.',
    positiveDuration,
  ),
  start_period: optionalKey(
    'Failures this soon after the agent or the watched unit started do not count. Default 0s.',
    duration,
  ),
  severity: optionalKey(
    'How bad it is when it fails: info, warning or critical (the default).',
    v.picklist(severities, oneOf(severities)),
  ),
  labels: optionalKey('Labels of its alerts and metrics.', labels),
  annotations: optionalKey(
    'Texts for people, such as summary, description and runbook_url.',
    v.record(v.string(), text, 'a map of names to texts'),
  ),
  depends_on: optionalKey(
    'Checks whose failure explains this one: while one of them fires, this one is not told.',
    v.array(nonEmptyText, 'a list of names of checks'),
  ),
  expect: optionalKey(
    'down turns it into a negative test: it fails while what it looks at is up. Default up.',
    v.picklist(['up', 'down'], 'up or down'),
  ),
  outside: optionalKey(
    'Whether it looks outside of this host and its network, for agent.connectivity. Default: by its target.',
    flag,
  ),
  debounce: optionalKey('When results become an alert, and when it is over.', debounceSchema),
  enabled: optionalKey('false leaves the check out. Default true.', flag),
};

/** The section `defaults:`. */
export const defaultsSchema = v.strictObject(sharedEntries, 'a map of keys of a check');

export type SharedKeys = v.InferOutput<typeof defaultsSchema>;

/** One item of `checks:` of a type; the keys of the type win over the shared ones of the same name. */
export function checkSchema(type: CheckTypeName, { entries }: CheckTypeKeys) {
  return v.strictObject(
    {
      name: optionalKey(
        'Its name in alerts, metrics and on the command line. Default: made of type and target.',
        checkName,
      ),
      type: v.literal(type),
      ...sharedEntries,
      ...entries,
    },
    'a URL, or a map of keys of a check',
  );
}

/** What a type's own keys gave, and what was said with the shared ones. */
export function splitKeys(
  written: Readonly<Record<string, unknown>>,
  { entries }: CheckTypeKeys,
): { readonly options: Record<string, unknown>; readonly shared: SharedKeys } {
  const own = (key: string): boolean => Object.hasOwn(entries, key);
  const pairs = Object.entries(written);
  return {
    options: Object.fromEntries(pairs.filter(([key]) => own(key))),
    shared: Object.fromEntries(
      pairs.filter(([key]) => !own(key) && Object.hasOwn(sharedEntries, key)),
    ),
  };
}
