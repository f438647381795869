import type { IntegrationSpec } from '../model/route.ts';
import type { Belief, Beliefs } from './beliefs.ts';

/**
 * Lets the group that took over an alert know what the integration was told of it. Says whether the old
 * group need not tell the end: the heir does, or a third group does, under whose key the integration knows
 * the alert. It must, where the heir is already known under another key: whoever opened an incident under
 * one key cannot close it under another.
 */
export function inherit(input: {
  readonly beliefs: Beliefs;
  /** Key of the heir's log entry. */
  readonly heir: string;
  /** What is known of the old group, this alert among it. */
  readonly from: Belief;
  readonly fingerprint: string;
  readonly integration: IntegrationSpec;
}): boolean {
  const { beliefs, heir, from, fingerprint } = input;
  const id = from.firing.get(fingerprint) ?? fingerprint;
  const byThird = from.elsewhere.has(fingerprint);
  const known = beliefs.get(heir);
  if (known === undefined) {
    const begun = beliefs.begin(heir, { ...from.rest, resolved: [] });
    begun.firing.set(fingerprint, id);
    if (byThird) begun.elsewhere.add(fingerprint);
    return true;
  }
  const isKnown = known.firing.has(fingerprint);
  if (isKnown && byThird) return true;
  // An integration that splits alerts keys each by itself: the group's key does not matter.
  const sameKey = input.integration.splitsAlerts || known.rest.dedupKey === from.rest.dedupKey;
  if (!sameKey || byThird) known.elsewhere.add(fingerprint);
  if (!isKnown) known.firing.set(fingerprint, id);
  return sameKey || byThird;
}
