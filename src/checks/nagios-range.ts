/** A range of values for which a plugin alerts. */
export interface NagiosRange {
  /** As it was written. */
  readonly text: string;
  alertsOn(value: number): boolean;
}

const pattern = /^(@?)(?:(~|[+-]?\d+(?:\.\d*)?):)?([+-]?\d+(?:\.\d*)?)?$/;

/**
 * Reads `[@][start:][end]`: it alerts outside of start to end, with `@` inside, both ends included. Start is
 * 0 if absent and `~` for no lower end; without an end there is no upper one. Undefined if it is no range.
 * Source: Monitoring Plugins Development Guidelines, "Threshold and Ranges".
 */
export function parseNagiosRange(text: string): NagiosRange | undefined {
  const match = pattern.exec(text);
  const [, at, start, end] = match ?? [];
  if (match === null || (start === undefined && end === undefined)) return undefined;
  const low = start === '~' ? -Infinity : Number(start ?? 0);
  const high = end === undefined ? Infinity : Number(end);
  if (low > high) return undefined;
  const isInside = (value: number): boolean => value >= low && value <= high;
  return { text, alertsOn: (value) => isInside(value) === (at === '@') };
}
