import { responseCodeOf, type DnsAnswer } from './dns-message.ts';
import { responseCodeNumber } from './dns-names.ts';
import type { DnsOptions, SectionRules } from './dns-options.ts';
import type { Failure } from '../failure.ts';
import type { Pattern } from '../../../lib/pattern.ts';

type Section = 'answer' | 'authority' | 'additional';

function sources(patterns: readonly Pattern[]): string {
  return patterns.map((pattern) => pattern.source).join(' or ');
}

/** What the rules of one section find wrong with its records, as the end of a sentence. */
function breach(records: readonly string[], rules: SectionRules): string | undefined {
  const {
    fail_if_matches_regexp: forbidden,
    // The name of this option says the opposite of what it does, in blackbox_exporter and so here.
    fail_if_all_match_regexp: oddlyNamed,
    fail_if_not_all_match_regexp: plainlyNamed,
    fail_if_not_matches_regexp: needed,
    fail_if_none_matches_regexp: any,
  } = rules;
  const all = [...oddlyNamed, ...plainlyNamed];
  if (records.length === 0 && needed.length + any.length > 0) {
    return `is empty, wanted a match of ${sources([...needed, ...any])}`;
  }
  for (const record of records) {
    const unwanted = forbidden.find((pattern) => pattern.matches(record));
    if (unwanted) return `has ${record}, wanted no match of ${unwanted.source}`;
    const missed = needed.find((pattern) => !pattern.matches(record));
    if (missed) return `has ${record}, wanted a match of ${missed.source}`;
  }
  const odd = records.find((record) => !all.every((pattern) => pattern.matches(record)));
  if (odd !== undefined) return `has ${odd}, wanted every record to match ${sources(all)}`;
  if (any.length === 0) return undefined;
  // Each of them is tried, so that one that cannot be compiled is found out.
  const found = records.flatMap((record) => any.filter((pattern) => pattern.matches(record)));
  return found.length > 0 ? undefined : `has no record that matches ${sources(any)}`;
}

/** The same; an expression that a module has and that cannot be compiled is a breach of its own. */
function judged(records: readonly string[], rules: SectionRules): string | undefined {
  try {
    return breach(records, rules);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return `cannot be judged, an expression is not valid: ${error.message}`;
  }
}

function judgeSection(
  section: Section,
  records: DnsAnswer['answers'],
  rules: SectionRules | undefined,
): Failure | undefined {
  if (rules === undefined) return undefined;
  const wrong = judged(
    records.map((record) => record.text),
    rules,
  );
  if (wrong === undefined) return undefined;
  return { reason: 'body', summary: `the ${section} section ${wrong}`.replaceAll('\t', ' ') };
}

/** Judges the response code. A name that does not exist is found out only here, by all that are listed. */
function judgeCode(answer: DnsAnswer, server: string, options: DnsOptions): Failure | undefined {
  const { query_name: name, query_type: type, valid_rcodes: valid } = options;
  const unknown = valid.find((code) => responseCodeNumber(code) === undefined);
  if (unknown !== undefined) {
    return { reason: 'status', summary: `valid_rcodes has ${unknown}, which is no response code` };
  }
  if (valid.some((code) => responseCodeNumber(code) === answer.responseCode)) return undefined;
  const wanted = valid.length === 0 ? 'nothing (valid_rcodes is empty)' : valid.join(' or ');
  return {
    reason: 'status',
    summary: `${responseCodeOf(answer)} for ${name} ${type} from ${server}, wanted ${wanted}`,
  };
}

/** Judges an answer: first its code, then the records of each section. */
export function judgeAnswer(
  answer: DnsAnswer,
  server: string,
  options: DnsOptions,
): Failure | undefined {
  return (
    judgeCode(answer, server, options) ??
    judgeSection('answer', answer.answers, options.validate_answer_rrs) ??
    judgeSection('authority', answer.authorities, options.validate_authority_rrs) ??
    judgeSection('additional', answer.additionals, options.validate_additional_rrs)
  );
}
