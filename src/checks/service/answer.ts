import * as v from 'valibot';
import { optionalKey } from '../../lib/schema-atoms.ts';
import { excerptLengthMax } from '../../model/limits.ts';
import { pattern } from '../net/pattern.ts';
import { judgeFigure, numberLimits } from './figure.ts';
import type { Finding } from './finding.ts';

const answerText = v.pipe(
  v.union([v.string(), v.number(), v.boolean()], 'a text'),
  v.transform((value) => String(value)),
);

/** What an answer of a service must be like. */
export const expectationEntries = {
  equals: optionalKey('The answer must be this.', answerText),
  matches: optionalKey('A pattern that must be found in the answer.', pattern),
  number: optionalKey('The answer must be a number, with these limits.', numberLimits),
};

type AnswerExpectation = v.InferOutput<v.StrictObjectSchema<typeof expectationEntries, undefined>>;

/** Judges an answer; `what` names the question, and undefined stands for no answer at all. */
export function judgeAnswer(
  what: string,
  answer: string | undefined,
  { equals, matches, number }: AnswerExpectation,
): readonly Finding[] {
  const findings: Finding[] = [];
  const said = answer === undefined ? 'nothing' : quoted(answer);
  const wrong = (wanted: string): void => {
    const sentence = `${what} gave ${said}, wanted ${wanted}`;
    findings.push({ status: 'critical', reason: 'body', sentence });
  };
  if (equals !== undefined && answer !== equals) wrong(quoted(equals));
  if (matches !== undefined && !matches.matches(answer ?? ''))
    wrong(`a match of ${matches.source}`);
  if (number === undefined) return findings;
  const value = answer === undefined || answer.trim() === '' ? Number.NaN : Number(answer);
  if (!Number.isFinite(value)) wrong('a number');
  else {
    const sentence = `${what} gave ${value}`;
    findings.push(judgeFigure({ metric: 'answer', value, sentence }, number));
  }
  return findings;
}

function quoted(text: string): string {
  return JSON.stringify(
    text.length > excerptLengthMax ? `${text.slice(0, excerptLengthMax)}…` : text,
  );
}
