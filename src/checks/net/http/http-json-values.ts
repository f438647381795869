import * as v from 'valibot';
import { flag, literalText, nonEmptyText } from '../../../lib/schema-atoms.ts';
import type { Fact, MeasuredValue, MetricFamily } from '../../../model/result.ts';
import {
  judgeLimits,
  limitPhrase,
  limitTexts,
  refuseLimits,
  type NumberLimit,
} from '../../threshold.ts';
import type { Failure } from '../failure.ts';
import type { JsonValue } from './json-body.ts';

/** The way to a value: keys, and positions in lists. */
type JsonPath = readonly (string | number)[];

const step = /\.?([A-Za-z_][\w-]*)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/y;

/** Reads `.queue.length`, `items[0].age` or `["odd key"]`; undefined if it is no path. */
export function parseJsonPath(path: string): JsonPath | undefined {
  const steps: (string | number)[] = [];
  step.lastIndex = 0;
  while (step.lastIndex < path.length) {
    const isFirst = step.lastIndex === 0;
    const [whole, key, index, quoted] = step.exec(path) ?? [];
    if (whole === undefined) return undefined;
    if (key !== undefined && !isFirst && !whole.startsWith('.')) return undefined;
    steps.push(
      key ?? (index === undefined ? (quoted ?? '').replaceAll(/\\(.)/g, '$1') : Number(index)),
    );
  }
  return path === '.' || steps.length > 0 ? steps : undefined;
}

const pathMessage = 'a path such as .queue.length or items[0].age';
const limitMessage = 'a number such as 100';

const limit = v.pipe(
  v.union([v.number(), v.string()], limitMessage),
  v.check((value) => String(value).trim() !== '' && Number.isFinite(Number(value)), limitMessage),
  v.transform((value): NumberLimit => ({ atLeast: Number(value), text: String(value) })),
);

const jsonValue = v.pipe(
  v.strictObject({
    name: nonEmptyText,
    path: v.pipe(
      literalText(pathMessage),
      v.rawTransform(({ dataset, addIssue, NEVER }) => {
        const steps = parseJsonPath(dataset.value);
        if (steps !== undefined) return { text: dataset.value, steps };
        addIssue({ message: pathMessage });
        return NEVER;
      }),
    ),
    warning: v.optional(limit),
    critical: v.optional(limit),
    optional: v.optional(flag, false),
    fact: v.optional(flag, false),
  }),
  v.check(
    ({ fact, warning, critical }) => !fact || (warning ?? critical) === undefined,
    'no limits for a fact, which need not be a number',
  ),
  v.check(
    (value) => refuseLimits({ warning: value.warning, critical: value.critical }) === undefined,
    'a warning that is reached before critical',
  ),
);

/**
 * `json_values`: numbers out of a JSON body, and with `fact` also texts, for groups to compare.
 * blackbox_exporter has nothing like it.
 */
export const jsonValues = v.pipe(
  v.array(jsonValue, 'a list of {name, path, warning, critical, optional, fact}'),
  v.check(
    (values) => new Set(values.map(({ name }) => name)).size === values.length,
    'names of which none is there twice',
  ),
);

export type JsonValueOptions = v.InferOutput<typeof jsonValue>;

/** What `json_values` found. */
export interface JsonFindings {
  readonly values: readonly MeasuredValue[];
  readonly families: readonly MetricFamily[];
  readonly facts: readonly Fact[];
  /** A value that is missing or no number. */
  readonly failure?: Failure;
  /** A limit that is reached; the worst where there are several. */
  readonly breach?: { readonly status: 'warning' | 'critical'; readonly summary: string };
}

function valueAt(body: JsonValue, steps: JsonPath): JsonValue | undefined {
  let found: JsonValue | undefined = body;
  for (const key of steps) {
    if (Array.isArray(found)) found = (found as readonly JsonValue[])[Number(key)];
    else if (found instanceof Map)
      found = (found as ReadonlyMap<string, JsonValue>).get(String(key));
    else return undefined;
  }
  return found;
}

/** A number, the number a text holds, or 1 and 0 for true and false; undefined for anything else. */
function numberOf(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string' && value.trim() === '') return undefined;
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** A text, or what a number or a truth value is written as; undefined for anything else. */
function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (value instanceof Map) return 'an object';
  return Array.isArray(value) ? 'a list' : 'a text that is no number';
}

function unfound(option: JsonValueOptions, value: JsonValue | undefined, from: string): Failure {
  const what = value === undefined || value === null ? 'is missing in' : `is ${kindOf(value)} in`;
  return {
    reason: 'body',
    summary: `${option.path.text} ${what} the body of ${from}, wanted a ${option.fact ? 'text' : 'number'}`,
  };
}

/** Takes the configured numbers out of a body and judges them by their limits. */
export function findJsonValues(
  body: JsonValue,
  options: readonly JsonValueOptions[],
  from: string,
): JsonFindings {
  const values: MeasuredValue[] = [];
  const facts: Fact[] = [];
  const breaches: NonNullable<JsonFindings['breach']>[] = [];
  let failure: Failure | undefined;
  for (const option of options) {
    const found = valueAt(body, option.path.steps);
    const text = option.fact ? textOf(found) : undefined;
    if (text !== undefined) {
      facts.push({ name: option.name, text });
      continue;
    }
    const value = option.fact ? undefined : numberOf(found);
    if (value === undefined) {
      const isLeftOut = option.optional && (found === undefined || found === null);
      if (!isLeftOut) failure ??= unfound(option, found, from);
      continue;
    }
    const limits = { warning: option.warning, critical: option.critical };
    values.push({ metric: option.name, value, ...limitTexts(limits) });
    const verdict = judgeLimits(limits, ({ atLeast }) => value >= atLeast, false);
    if (verdict.status !== 'ok') {
      const summary = `${option.name} is ${value}${limitPhrase(verdict)}`;
      breaches.push({ status: verdict.status, summary });
    }
  }
  const breach = breaches.find(({ status }) => status === 'critical') ?? breaches[0];
  return {
    values,
    families: familiesOf(values),
    facts,
    ...(failure === undefined ? {} : { failure }),
    ...(breach === undefined ? {} : { breach }),
  };
}

function familiesOf(values: readonly MeasuredValue[]): MetricFamily[] {
  if (values.length === 0) return [];
  return [
    {
      name: 'probe_http_json_value',
      help: 'A number out of the JSON body.',
      samples: values.map(({ metric, value }) => ({ labels: { name: metric }, value })),
    },
  ];
}
