import * as v from 'valibot';
import { formatDuration, parseDuration } from '../../lib/duration.ts';
import type { MeasuredValue } from '../../model/result.ts';
import {
  judgeLimits,
  limitPhrase,
  limitTexts,
  percentLimit,
  refuseLimits,
  type Limits,
  type NumberLimit,
} from '../threshold.ts';
import type { Finding } from './finding.ts';

/** The two limits of one figure of a service; a figure with neither is measured and not judged. */
export type FigureLimits = Limits<NumberLimit>;

const numberMessage = 'a number such as 100';

const number = v.pipe(
  v.number(numberMessage),
  v.transform((value): NumberLimit => ({ atLeast: value, text: String(value) })),
);

const durationMessage = 'a duration such as 30s';

/** In seconds. */
const duration = v.pipe(
  v.string(durationMessage),
  v.check((text) => parseDuration(text) !== undefined, durationMessage),
  v.transform((text): NumberLimit => {
    const ms = parseDuration(text) ?? 0;
    return { atLeast: ms / 1000, text: formatDuration(ms) };
  }),
);

function limitsOf<Written extends string | number>(
  limit: v.GenericSchema<Written, NumberLimit>,
  example: string,
) {
  const message = `a map of warning and critical, such as ${example}`;
  return v.pipe(
    v.strictObject({ warning: v.optional(limit), critical: v.optional(limit) }, message),
    v.check(
      (limits) => refuseLimits(limits) === undefined,
      'a warning that is reached before critical',
    ),
  );
}

/** Limits of shares that are used. */
export const shareLimits = limitsOf(percentLimit, '{ warning: 80%, critical: 95% }');
/** Limits of counts and other plain numbers. */
export const numberLimits = limitsOf(number, '{ warning: 1, critical: 10 }');
/** Limits of durations; the figures are in seconds. */
export const durationLimits = limitsOf(duration, '{ warning: 10s, critical: 1m }');

/** A figure to judge: as it is exported, and the sentence that says it to people. */
interface Figure {
  readonly metric: string;
  readonly value: number;
  readonly unit?: string;
  /** Names what was measured, with its value. */
  readonly sentence: string;
}

/** Judges one figure by its limits. */
export function judgeFigure({ sentence, ...figure }: Figure, limits: FigureLimits = {}): Finding {
  const verdict = judgeLimits(limits, ({ atLeast }) => figure.value >= atLeast, false);
  const value: MeasuredValue = { ...figure, ...limitTexts(limits) };
  return {
    status: verdict.status,
    reason: 'threshold',
    sentence: `${sentence}${limitPhrase(verdict)}`,
    values: [value],
  };
}
