import * as v from 'valibot';
import {
  flag,
  nonEmptyText,
  optionalKey,
  positiveDuration,
  secret,
  type OutputOf,
} from '../../lib/schema-atoms.ts';
import { parseBytes } from '../host/bytes.ts';
import { capacityLimit, refuseLimits } from '../threshold.ts';
import { partNames, type PartName } from './part.ts';

const sizeMessage = 'a size such as 1.5GB';

const size = v.pipe(
  v.string(sizeMessage),
  v.check((text) => parseBytes(text) !== undefined, sizeMessage),
  v.transform((text) => parseBytes(text) ?? 0),
);

const portMessage = 'a port, 1 to 65535';

const switches = Object.fromEntries(
  partNames.map((name) => [name, v.optional(flag, true)]),
) as Record<PartName, v.OptionalSchema<typeof flag, true>>;

export const openclawEntries = {
  state_dir: optionalKey(
    'The state folder; else the ~/.openclaw of the agent, of any other user, or of the running gateway.',
    v.pipe(nonEmptyText, v.regex(/^\//, 'a path that starts with /')),
  ),
  port: optionalKey(
    'The port of the gateway; else from its lock, its environment or its settings.',
    v.pipe(
      v.number(portMessage),
      v.integer(portMessage),
      v.minValue(1, portMessage),
      v.maxValue(65_535, portMessage),
    ),
  ),
  token: optionalKey(
    'The token of the gateway; else from its environment or its settings.',
    secret,
  ),
  parts: v.pipe(
    v.optional(v.strictObject(switches, 'a map of parts to true or false'), {}),
    v.description('Parts that are not looked at, such as memory: false.'),
  ),
  boot_patience: v.pipe(
    v.optional(v.pipe(positiveDuration, v.minValue(60_000, 'a duration of at least 1m')), '5m'),
    v.description('How long a gateway may take to start. Killing a slow one makes it worse.'),
  ),
  slow: v.pipe(
    v.optional(positiveDuration, '1s'),
    v.description('An answer that takes longer is slow; 3 of 5 are a warning.'),
  ),
  memory_warning: v.pipe(
    v.optional(size, '1.5GB'),
    v.description('Resident memory of the gateway and its children.'),
  ),
  memory_critical: v.pipe(
    v.optional(size, '3GB'),
    v.description('The same; 85% of the limit of its control group is critical as well.'),
  ),
  memory_growth: v.pipe(
    v.optional(size, '100MB'),
    v.description('Growth in an hour that, kept up for six hours, is a warning.'),
  ),
  disk_warning: v.pipe(
    v.optional(capacityLimit, '10% free'),
    v.description('For the file systems of the state folder and of the log.'),
  ),
  disk_critical: v.pipe(v.optional(capacityLimit, '1GB free'), v.description('The same.')),
  wal_warning: v.pipe(
    v.optional(size, '256MB'),
    v.description('Size of a write-ahead log of a database.'),
  ),
  cron_late: v.pipe(
    v.optional(positiveDuration, '5m'),
    v.description('How late a job may start before it is overdue.'),
  ),
  deep_interval: v.pipe(
    v.optional(positiveDuration, '1m'),
    v.description('How often the gateway itself is asked, over a connection that is kept.'),
  ),
  hold: v.pipe(
    v.optional(positiveDuration, '1h'),
    v.description('How long a single event, such as a replaced settings file, stays a warning.'),
  ),
};

export type OpenclawOptions = OutputOf<typeof openclawEntries>;

/** What is wrong with several keys together. */
export function refuseOpenclaw(options: OpenclawOptions): string | undefined {
  const { memory_warning: warning, memory_critical: critical } = options;
  if (warning > critical) return 'memory_warning must be reached before memory_critical';
  return refuseLimits({ warning: options.disk_warning, critical: options.disk_critical });
}
