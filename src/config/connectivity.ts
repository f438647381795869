import * as v from 'valibot';
import { nonEmptyText, optionalKey, positiveDuration } from '../lib/schema-atoms.ts';
import { leadsOutside } from '../lib/outside-host.ts';
import type { CheckSpec, ProberName } from '../model/check.ts';
import type { Config } from '../model/config.ts';
import { checkSchema, splitKeys } from './check-schema.ts';
import { debouncePolicy } from './debounce.ts';
import { withoutPasswords } from './masked.ts';
import { read } from './reader.ts';
import { refuse, type Reading } from './reading.ts';
import type { ConfigTables } from './tables.ts';
import { itemsOf, mapOf, scalarOf, valueOf, type Tree } from './tree.ts';

const referenceMessage = 'host:port, a URL or a host that answers pings, or a list of them';

/** The section `agent.connectivity:`. */
export const connectivitySchema = v.strictObject(
  {
    reference: v.pipe(
      v.union([nonEmptyText, v.pipe(v.array(nonEmptyText), v.minLength(1))], referenceMessage),
      v.description(
        'What is outside and hardly ever down: host:port, a URL or a host that answers pings, or a list.',
      ),
    ),
    interval: optionalKey('How often it is looked at anyway. Default 5m.', positiveDuration),
    timeout: optionalKey('How long one look at it may take. Default 3s.', positiveDuration),
  },
  'a map of reference, interval and timeout',
);

/** Reads `agent.connectivity`; `tree` is what stands there. */
export function readConnectivity(
  reading: Reading,
  tree: Tree | undefined,
  types: ConfigTables['checkTypes'],
): Config['agent']['connectivity'] {
  const written = tree && read(reading, tree, connectivitySchema);
  if (written === undefined) return undefined;
  const timeoutMs = written.timeout ?? 3000;
  const list = valueOf(tree, 'reference');
  const items = list?.kind === 'list' ? itemsOf(list) : list === undefined ? [] : [list];
  return {
    intervalMs: written.interval ?? 5 * 60_000,
    references: items.flatMap((item) => readReference(reading, item, types, timeoutMs) ?? []),
  };
}

/** A reference as a check that nobody sees: it is looked at, but not judged. */
function readReference(
  reading: Reading,
  item: Tree,
  types: ConfigTables['checkTypes'],
  timeoutMs: number,
): CheckSpec | undefined {
  if (item.kind !== 'scalar') return undefined;
  const type = typeOf(item.text);
  const { place } = item;
  const tree = mapOf({ type: scalarOf(type, place), target: item }, place);
  const written = read(reading, tree, checkSchema(type, types[type]));
  if (written === undefined) return undefined;
  const { options } = splitKeys(written, types[type]);
  const target = withoutPasswords(types[type].target?.(options) ?? item.text);
  if (!leadsOutside(target)) refuse(reading, item, 'expected something outside of this host');
  return {
    name: `reference ${target}`,
    type,
    target,
    schedule: { kind: 'interval', intervalMs: timeoutMs },
    timeoutMs,
    startPeriodMs: 0,
    severity: 'info',
    labels: {},
    annotations: {},
    dependsOn: [],
    expect: 'up',
    debounce: debouncePolicy(),
    options,
  };
}

function typeOf(text: string): ProberName {
  if (/^https?:\/\//i.test(text)) return 'http';
  return /:\d+$/.test(text) && !/^[^[\]]*:[^[\]]*:/.test(text) ? 'tcp' : 'icmp';
}
