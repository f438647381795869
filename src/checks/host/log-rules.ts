import { humanDuration, formatDuration } from '../../lib/duration.ts';
import type { Pattern } from '../../lib/pattern.ts';
import { byWorst } from '../../model/result.ts';
import { excerpt } from '../net/record.ts';

/** What lines of a log come to: so many of them within so long. */
export interface LogRule {
  readonly pattern: Pattern;
  readonly status: 'warning' | 'critical';
  readonly count: number;
  /** Milliseconds. */
  readonly within: number;
}

export interface LogLine {
  readonly text: string;
  /** When it was written, or read where that is not known. Unix milliseconds. */
  readonly atMs: number;
}

/** What is known of a rule from one run to the next: the times of its latest lines, as many as it counts. */
export interface RuleMemory {
  readonly pattern: string;
  readonly times: readonly number[];
  readonly last?: string;
}

/** Counts the lines that a rule is about. */
export function countLines(
  rule: LogRule,
  before: RuleMemory | undefined,
  lines: readonly LogLine[],
): { readonly memory: RuleMemory; readonly matches: number } {
  const { source } = rule.pattern;
  const known = before?.pattern === source ? before : { pattern: source, times: [] };
  const matching = lines.filter(({ text }) => rule.pattern.matches(text));
  const latest = matching.at(-1);
  if (latest === undefined) return { memory: known, matches: 0 };
  const times = [...known.times, ...matching.map(({ atMs }) => atMs)].slice(-rule.count);
  return {
    memory: { pattern: source, times, last: excerpt(latest.text) },
    matches: matching.length,
  };
}

export interface RuleFinding {
  readonly status: 'warning' | 'critical';
  readonly sentence: string;
  readonly last: string;
}

/** The rules that are broken at this moment, the worst first. */
export function brokenRules(
  rules: readonly LogRule[],
  memories: readonly RuleMemory[],
  what: string,
  nowMs: number,
): readonly RuleFinding[] {
  return rules
    .flatMap((rule, at): RuleFinding[] => {
      const memory = memories[at];
      const times = memory?.times.filter((time) => nowMs - time < rule.within) ?? [];
      const latest = times.at(-1);
      if (times.length < rule.count || latest === undefined) return [];
      const agoMs = nowMs - latest;
      const ago = agoMs < 1000 ? 'just now' : `${humanDuration(agoMs)} ago`;
      const { source } = rule.pattern;
      const sentence =
        rule.count === 1
          ? `${what} has a line that matches /${source}/, ${ago}`
          : `${what} has ${rule.count} lines or more that match /${source}/ within ${formatDuration(rule.within)}, the last ${ago}`;
      return [{ status: rule.status, sentence, last: memory?.last ?? '' }];
    })
    .toSorted((a, b) => byWorst(a.status, b.status));
}
