import { formatDuration } from '../lib/duration.ts';
import type { EscalationStep } from '../model/route.ts';
import { noSuchName } from './check-name.ts';
import { refuse, type Reading } from './reading.ts';
import type { RouteKeys } from './routing-schema.ts';
import { itemsOf, valueOf, type Tree } from './tree.ts';

/** The steps of a route's `escalate`, each later than the one before it; undefined where none are written. */
export function escalationOf(
  reading: Reading,
  route: Tree,
  { escalate }: RouteKeys,
  receivers: ReadonlySet<string>,
): readonly EscalationStep[] | undefined {
  const list = valueOf(route, 'escalate');
  let lastMs = 0;
  for (const [position, { after, receiver }] of (escalate ?? []).entries()) {
    const tree = itemsOf(list)[position];
    const [at, named] = [valueOf(tree, 'after'), valueOf(tree, 'receiver')];
    if (at !== undefined && after <= lastMs) {
      const [last, found] = [formatDuration(lastMs), formatDuration(after)];
      refuse(reading, at, `expected more than the ${last} of the step before it, found ${found}`);
    }
    if (named !== undefined && !receivers.has(receiver)) {
      refuse(reading, named, noSuchName('receiver', receiver, receivers));
    }
    lastMs = after;
  }
  return escalate?.map(({ after, receiver }) => ({ afterMs: after, receiver }));
}
