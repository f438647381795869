import * as v from 'valibot';
import {
  defaultedKey,
  flag,
  nonEmptyText,
  optionalKey,
  type OutputOf,
  positiveDuration,
  positiveNumber,
  secret,
} from '../../lib/schema-atoms.ts';
import { tlsBlock } from '../../lib/tls-options.ts';
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

const canaryEntries = {
  every: defaultedKey(
    'How often.',
    v.pipe(positiveDuration, v.minValue(600_000, 'a duration of at least 10m')),
    '1h',
  ),
  deadline: defaultedKey(
    'How long the answer may take: a gateway tries again for minutes if the provider is busy.',
    positiveDuration,
    '5m',
  ),
  budget_per_day: defaultedKey('Questions in a day of UTC.', positiveNumber, 24),
  agent: optionalKey('The agent that is asked; else the default one.', nonEmptyText),
};

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
    'The token or password of the gateway; else from its settings, its unit or its environment.',
    secret,
  ),
  tls: optionalKey('Whether the gateway uses TLS; else as its settings say.', flag),
  tls_config: optionalKey(
    'How TLS is verified; keys as for http. Else by the certificate that lies in its state folder.',
    tlsBlock,
  ),
  unit: optionalKey(
    'The unit of systemd of the gateway; else that in which it runs, or that of its user.',
    v.pipe(nonEmptyText, v.regex(/\.service$/, 'a name that ends with .service')),
  ),
  parts: defaultedKey(
    'Parts that are not looked at, such as memory: false.',
    v.strictObject(switches, 'a map of parts to true or false'),
    {},
  ),
  boot_patience: defaultedKey(
    'How long a gateway may take to start. Killing a slow one makes it worse.',
    v.pipe(positiveDuration, v.minValue(60_000, 'a duration of at least 1m')),
    '5m',
  ),
  slow: defaultedKey(
    'An answer that takes longer is slow; 3 of 5 are a warning.',
    positiveDuration,
    '1s',
  ),
  memory_warning: defaultedKey('Resident memory of the gateway and its children.', size, '1.5GB'),
  memory_critical: defaultedKey(
    'The same; 85% of the limit of its control group is critical as well.',
    size,
    '3GB',
  ),
  memory_growth: defaultedKey(
    'Growth in an hour that, kept up for six hours, is a warning.',
    size,
    '100MB',
  ),
  disk_warning: defaultedKey(
    'For the file systems of the state folder and of the log.',
    capacityLimit,
    '10% free',
  ),
  disk_critical: defaultedKey('The same.', capacityLimit, '1GB free'),
  wal_warning: defaultedKey('Size of a write-ahead log of a database.', size, '256MB'),
  cron_late: defaultedKey('How late a job may start before it is overdue.', positiveDuration, '5m'),
  cron: defaultedKey(
    'Whether it must run jobs (leader), must not (standby), or may, as one of several (any).',
    v.picklist(['leader', 'standby', 'any'], 'leader, standby or any'),
    'leader',
  ),
  deep_interval: defaultedKey(
    'How often the gateway itself is asked, over a connection that is kept.',
    positiveDuration,
    '1m',
  ),
  canary: optionalKey(
    'Also lets the agent answer one short question, which costs a little.',
    v.strictObject(canaryEntries, 'a map of every, deadline, budget_per_day and agent'),
  ),
  hold: defaultedKey(
    'How long a single event, such as a replaced settings file, stays a warning.',
    positiveDuration,
    '1h',
  ),
};

export type OpenclawOptions = OutputOf<typeof openclawEntries>;

/** What is wrong with several keys together. */
export function refuseOpenclaw(options: OpenclawOptions): string | undefined {
  const { memory_warning: warning, memory_critical: critical } = options;
  if (warning > critical) return 'memory_warning must be reached before memory_critical';
  return refuseLimits({ warning: options.disk_warning, critical: options.disk_critical });
}
