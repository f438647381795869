import * as v from 'valibot';
import { parseDuration } from '../lib/duration.ts';
import { nonEmptyText, optionalKey, positiveDuration } from '../lib/schema-atoms.ts';
import { fallbackAfterDefaultMs, rateLimitCountMax } from '../model/limits.ts';
import type { RateLimit, ReceiverSpec } from '../model/route.ts';
import { timeZone } from './check-schema.ts';
import { refuse, type Reading } from './reading.ts';
import { refuseBadCrons } from './timing.ts';
import { itemsOf, valueOf, type MapTree, type Tree } from './tree.ts';

const rateLimitMessage = `a count of up to ${rateLimitCountMax} and a duration such as 10/1h`;

const rateLimit = v.pipe(
  v.string(rateLimitMessage),
  v.check((text) => parseRateLimit(text) !== undefined, rateLimitMessage),
  v.transform((text) => parseRateLimit(text) ?? { count: 1, perMs: 1 }),
);

function parseRateLimit(text: string): RateLimit | undefined {
  const [, digits = '', length = ''] = /^(\d{1,4})\/(.+)$/.exec(text) ?? [];
  const count = Number(digits);
  const perMs = parseDuration(length) ?? 0;
  return count >= 1 && count <= rateLimitCountMax && perMs > 0 ? { count, perMs } : undefined;
}

const proof = v.strictObject(
  {
    every: optionalKey('How often a test is sent, such as 1w.', positiveDuration),
    schedule: optionalKey(
      'When a test is sent, as a cron expression such as "0 9 * * 1".',
      nonEmptyText,
    ),
    tz: optionalKey('Time zone of schedule. Default: that of the host.', timeZone),
  },
  'a map of every, or of schedule and tz',
);

/** What a receiver may say beside its name and its blocks. */
export const receiverEntries = {
  fallback: optionalKey('The receiver that is told once this one does not work.', nonEmptyText),
  fallback_after: optionalKey(
    'How long this receiver may fail before its fallback is told. Default 5m.',
    positiveDuration,
  ),
  rate_limit: optionalKey(
    'How many messages each of its integrations gets, such as 10/1h; more are told as one digest.',
    rateLimit,
  ),
  test: optionalKey('When a marked test proves that it works.', proof),
};

type ReceiverKeys = v.InferOutput<v.StrictObjectSchema<typeof receiverEntries, undefined>>;

/** What these keys mean; tells what is wrong between them. */
export function readReceiverKeys(
  reading: Reading,
  tree: Tree,
  keys: ReceiverKeys,
): Omit<ReceiverSpec, 'name' | 'integrations'> {
  const { fallback, fallback_after: after, rate_limit: limit, test } = keys;
  const afterTree = valueOf(tree, 'fallback_after');
  if (fallback === undefined && after !== undefined && afterTree !== undefined) {
    refuse(reading, afterTree, 'expected fallback_after only together with fallback');
  }
  return {
    ...(fallback === undefined
      ? {}
      : { fallback: { receiver: fallback, afterMs: after ?? fallbackAfterDefaultMs } }),
    ...(limit === undefined ? {} : { rateLimit: limit }),
    ...(test === undefined ? {} : proofOf(reading, valueOf(tree, 'test') ?? tree, test)),
  };
}

function proofOf(
  reading: Reading,
  tree: Tree,
  { every, schedule, tz }: v.InferOutput<typeof proof>,
): Pick<ReceiverSpec, 'proof'> {
  if ((every === undefined) === (schedule === undefined)) {
    refuse(reading, tree, 'expected either every or schedule');
  } else if (tz !== undefined && schedule === undefined) {
    refuse(reading, valueOf(tree, 'tz') ?? tree, 'expected tz only together with schedule');
  }
  if (schedule === undefined) return { proof: { kind: 'interval', intervalMs: every ?? 1 } };
  return {
    proof: { kind: 'cron', expression: schedule, ...(tz === undefined ? {} : { timeZone: tz }) },
  };
}

/** Tells which fallbacks there are not, and which lead back to where they started. */
export function refuseBadFallbacks(
  reading: Reading,
  list: Tree,
  receivers: readonly ReceiverSpec[],
): void {
  const next = new Map(receivers.map(({ name, fallback }) => [name, fallback?.receiver]));
  const reported = new Set<string>();
  for (const tree of itemsOf(list)) {
    const at = valueOf(tree, 'fallback');
    const own = valueOf(tree, 'name');
    if (at?.kind !== 'scalar' || own?.kind !== 'scalar') continue;
    if (!next.has(at.text)) {
      refuse(reading, at, `there is no receiver ${JSON.stringify(at.text)}`);
      continue;
    }
    const chain = chainFrom(own.text, next);
    if (chain.at(-1) !== own.text || chain.some((name) => reported.has(name))) continue;
    for (const name of chain) reported.add(name);
    refuse(reading, at, `these fallbacks lead in a circle: ${chain.join(', ')}`);
  }
}

/** The receivers that stand in for `start`, in order; ends with the first that comes twice. */
function chainFrom(start: string, next: ReadonlyMap<string, string | undefined>): string[] {
  const chain = [start];
  for (let name = next.get(start); name !== undefined; name = next.get(name)) {
    const isCircle = chain.includes(name);
    chain.push(name);
    if (isCircle) break;
  }
  return chain;
}

/** Tells which schedules of tests cannot be read. */
export async function refuseBadProofs(reading: Reading, root: MapTree): Promise<void> {
  const receivers = itemsOf(valueOf(root, 'receivers'));
  await refuseBadCrons(
    reading,
    receivers.flatMap((receiver) => valueOf(receiver, 'test') ?? []),
  );
}
