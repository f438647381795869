import type { MeasuredValue } from '../model/result.ts';

/** What a plugin printed, taken apart. */
export interface PluginOutput {
  /** The first line; empty if nothing was printed. */
  readonly summary: string;
  /** The lines after it. */
  readonly longOutput: readonly string[];
  readonly values: readonly MeasuredValue[];
}

/**
 * Takes apart the output of a plugin: text before the first `|` of the first line, performance data
 * after it; then long output, and after the next `|` performance data up to the end.
 * Source: Nagios Plugin API ("Plugin Output Format") and the development guidelines, "Performance data".
 */
export function parsePluginOutput(output: string): PluginOutput {
  const [first, rest] = splitOnce(output.replaceAll('\r\n', '\n'), '\n');
  const [summary, firstPerfdata] = splitOnce(first, '|');
  const [longOutput, morePerfdata] = splitOnce(rest, '|');
  return {
    summary: summary.trim(),
    longOutput: longOutput.trimEnd() === '' ? [] : longOutput.trimEnd().split('\n'),
    values: parsePerfdata(`${firstPerfdata}\n${morePerfdata}`),
  };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** `'label'=value[UOM];[warn];[crit];[min];[max]`; the length of a label bounds the search for its end. */
const item =
  /\s*(?:'((?:[^']|''){1,200})'|([^\s='][^\s=]{0,200}))=([^\s;]*)((?:;[^\s;]*)*)(?=\s|$)/y;

const garbage = /\s*\S+/y;

/** The digits can be read in one way only: a plugin may print many, and no two ways are to be tried. */
const measure = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)(%|[a-zµ]*)$/i;

/** Reads performance data. What is not in the format is skipped; of two equal labels the first counts. */
export function parsePerfdata(text: string): MeasuredValue[] {
  const values = new Map<string, MeasuredValue>();
  let position = 0;
  while (position < text.length) {
    item.lastIndex = position;
    const match = item.exec(text);
    if (match === null) {
      garbage.lastIndex = position;
      if (garbage.exec(text) === null) break;
      position = garbage.lastIndex;
      continue;
    }
    position = item.lastIndex;
    const [, quoted, plain = '', measured = '', limits = ''] = match;
    const value = readItem(quoted?.replaceAll("''", "'") ?? plain, measured, limits);
    if (value !== undefined && !values.has(value.metric)) values.set(value.metric, value);
  }
  return [...values.values()];
}

/** Undefined for `U` (the plugin could not tell) and for whatever is no finite number. */
function readItem(metric: string, measured: string, limits: string): MeasuredValue | undefined {
  const [, amount, uom = ''] = measure.exec(measured) ?? [];
  if (amount === undefined) return undefined;
  const [unit, scale] = baseUnit(uom);
  const value = scale(Number(amount));
  if (!Number.isFinite(value)) return undefined;
  const [, warning = '', critical = ''] = limits.split(';');
  return {
    metric,
    value,
    ...(unit === '' ? {} : { unit }),
    ...(warning === '' ? {} : { warning }),
    ...(critical === '' ? {} : { critical }),
  };
}

/**
 * The base unit and how to get there. Sizes are decimal and `KiB` and its like binary, as Icinga 2.12
 * reads them; a unit that the contract does not know is dropped and the number kept.
 */
function baseUnit(uom: string): [unit: string, scale: (amount: number) => number] {
  const unit = uom.toLowerCase();
  if (unit === '%' || unit === 'c' || unit === 's') return [unit, (amount) => amount];
  if (unit === 'ms') return ['s', (amount) => amount / 1000];
  if (unit === 'us' || unit === 'µs') return ['s', (amount) => amount / 1_000_000];
  const [, prefix, binary] = /^([kmgtp]?)(i?)b$/.exec(unit) ?? [];
  if (prefix === undefined) return ['', (amount) => amount];
  const power = prefix === '' ? 0 : 'kmgtp'.indexOf(prefix) + 1;
  return ['B', (amount) => amount * (binary === '' ? 1000 : 1024) ** power];
}
