const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const whole = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/**
 * Reads a duration in the notation of Go, which knows fractions (`1.5s`, `1h30m`) but no days or weeks.
 * Gives milliseconds, or undefined if the text is no duration.
 */
export function parseGoDuration(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0;
  if (!whole.test(text)) return undefined;
  let sum = 0;
  for (const [, number, unit = ''] of text.matchAll(part))
    sum += Number(number) * (unitMs[unit] ?? 0);
  return text.startsWith('-') ? -sum : sum;
}
