import { humanDuration } from '../../lib/duration.ts';
import { forecastSamplesMax } from '../../model/limits.ts';
import { formatBytes } from './bytes.ts';

/** How much of a file system was used at a time: Unix milliseconds, bytes. */
export type UsageSample = readonly [atMs: number, usedBytes: number];

const minuteMs = 60_000;

/** A look is kept this seldom: growth that matters takes longer. Without a forecast a few are enough. */
export const sampleEveryMs = { forecast: 2 * minuteMs, growth: 30 * minuteMs };

/** How far back a fit looks: a short one sees a disk that fills at once, a long one a slow leak. */
const windowsMs = [30 * minuteMs, 2 * 60 * minuteMs, 6 * 60 * minuteMs] as const;

/** A line through fewer looks says nothing. */
const samplesMin = 8;

/** Nobody can see further than so many times as far as he has looked back. */
const reach = 8;

/** Growth by less than this share of the file system is its daily breathing. */
const growthMin = 0.002;

/** How well the line must describe what was seen; 1 is exactly. */
const fitMin = 0.8;

/** Adds a look, and forgets what is too old, too many, or from a clock that was set back since. */
export function withSample(
  samples: readonly UsageSample[],
  usedBytes: number,
  nowMs: number,
  everyMs: number = sampleEveryMs.forecast,
): readonly UsageSample[] {
  const known = samples.filter(([at]) => at <= nowMs && nowMs - at <= windowsMs[2]);
  const last = known.at(-1);
  if (last !== undefined && nowMs - last[0] < everyMs) return known;
  return [...known, [nowMs, usedBytes] as const].slice(-forecastSamplesMax);
}

export interface Forecast {
  /** Milliseconds until no byte is free. */
  readonly fullInMs: number;
  /** How far back the growth was seen. */
  readonly windowMs: number;
}

/**
 * When the file system will be full if it goes on to grow as it did: by the straight line through the looks
 * of the last half hour, two hours or six, whichever says so first. A line counts only if both halves of its
 * time show the growth, so that one large file is none, and if it need not be drawn too far.
 */
export function forecastOf(
  samples: readonly UsageSample[],
  { freeBytes, totalBytes }: { readonly freeBytes: number; readonly totalBytes: number },
  nowMs: number,
): Forecast | undefined {
  const forecasts = windowsMs.flatMap((windowMs): Forecast[] => {
    const seen = samples.filter(([at]) => nowMs - at <= windowMs);
    const spanMs = nowMs - (seen[0]?.[0] ?? nowMs);
    const line = fit(seen);
    if (line === undefined || seen.length < samplesMin || line.fit < fitMin) return [];
    if (line.slope * spanMs < totalBytes * growthMin) return [];
    const middle = Math.floor(seen.length / 2);
    const halves = [fit(seen.slice(0, middle + 1)), fit(seen.slice(middle))];
    if (halves.some((half) => half === undefined || half.slope < line.slope / 3)) return [];
    const fullInMs = freeBytes / line.slope;
    return fullInMs > spanMs * reach ? [] : [{ fullInMs, windowMs: spanMs }];
  });
  return forecasts.toSorted((a, b) => a.fullInMs - b.fullInMs)[0];
}

interface Line {
  /** Bytes a millisecond. */
  readonly slope: number;
  /** The share of the variation that the line explains, 0 to 1. */
  readonly fit: number;
}

/** The least-squares line; undefined for looks that lie at one time. */
function fit(samples: readonly UsageSample[]): Line | undefined {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const middleAt = mean(samples.map(([at]) => at));
  const middleUsed = mean(samples.map(([, used]) => used));
  let times = 0;
  let both = 0;
  let used = 0;
  for (const [at, bytes] of samples) {
    times += (at - middleAt) ** 2;
    both += (at - middleAt) * (bytes - middleUsed);
    used += (bytes - middleUsed) ** 2;
  }
  if (times === 0 || samples.length === 0) return undefined;
  return { slope: both / times, fit: used === 0 ? 0 : both ** 2 / (times * used) };
}

/**
 * How much more is used than at the first look that is known, as a sentence; undefined where there is none,
 * or it is too little to matter.
 */
export function growthSentence(
  samples: readonly UsageSample[],
  { freeBytes, totalBytes }: { readonly freeBytes: number; readonly totalBytes: number },
  nowMs: number,
): string | undefined {
  const [first] = samples;
  if (first === undefined) return undefined;
  const [atMs, usedBytes] = first;
  const by = totalBytes - freeBytes - usedBytes;
  if (by < totalBytes * grownMin || nowMs <= atMs) return undefined;
  return `${formatBytes(by)} more in use than ${humanDuration(nowMs - atMs)} ago`;
}

/** Growth by less than this share of the file system does not explain that it is full. */
const grownMin = 0.01;
