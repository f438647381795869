import { labelValue, type Labels } from '../model/labels.ts';
import type { InhibitRule, Matcher } from '../model/route.ts';

/** Fingerprints of sources that share the values of a rule's labels. */
interface Sources {
  /** Those that match the source side only, and those that match the target side as well. */
  readonly pure: Set<string>;
  readonly both: Set<string>;
}

interface IndexedRule {
  readonly rule: InhibitRule;
  /** By the values of the labels `equal`. */
  readonly sources: Map<string, Sources>;
}

/**
 * Which firing alerts keep which others from being told. Sources are indexed by the labels that must be
 * equal, so that asking costs the same however many alerts fire. An alert that matches both sides of a rule
 * is not inhibited by alerts of which the same is true, itself included.
 */
export class Inhibition {
  readonly #rules: readonly IndexedRule[];
  readonly #labels = new Map<string, Labels>();

  constructor(rules: readonly InhibitRule[]) {
    this.#rules = rules.map((rule) => ({ rule, sources: new Map() }));
  }

  /** Takes in an alert that fires; one that is known already changes nothing. */
  add(fingerprint: string, labels: Labels): void {
    if (this.#rules.length === 0 || this.#labels.has(fingerprint)) return;
    this.#labels.set(fingerprint, labels);
    for (const { rule, sources } of this.#rules) {
      if (!matchesAll(rule.sourceMatchers, labels)) continue;
      const key = keyOf(rule, labels);
      const bucket = sources.get(key) ?? { pure: new Set(), both: new Set() };
      sources.set(key, bucket);
      (matchesAll(rule.targetMatchers, labels) ? bucket.both : bucket.pure).add(fingerprint);
    }
  }

  /** The alert has resolved: it inhibits no more. */
  remove(fingerprint: string): void {
    const labels = this.#labels.get(fingerprint);
    if (labels === undefined) return;
    this.#labels.delete(fingerprint);
    for (const { rule, sources } of this.#rules) {
      const key = keyOf(rule, labels);
      const bucket = sources.get(key);
      if (bucket === undefined) continue;
      bucket.pure.delete(fingerprint);
      bucket.both.delete(fingerprint);
      if (bucket.pure.size + bucket.both.size === 0) sources.delete(key);
    }
  }

  /** Fingerprints of alerts that inhibit one with these labels: one for each rule that applies. */
  inhibitors(labels: Labels): string[] {
    const found = this.#rules.flatMap(({ rule, sources }) => {
      if (sources.size === 0 || !matchesAll(rule.targetMatchers, labels)) return [];
      const bucket = sources.get(keyOf(rule, labels));
      const [pure] = bucket?.pure ?? [];
      if (pure !== undefined) return [pure];
      const [both] = bucket?.both ?? [];
      return both === undefined || matchesAll(rule.sourceMatchers, labels) ? [] : [both];
    });
    return [...new Set(found)];
  }
}

function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matcher.matches(labels));
}

function keyOf({ equal }: InhibitRule, labels: Labels): string {
  return equal.map((name) => labelValue(labels, name)).join('\0');
}
