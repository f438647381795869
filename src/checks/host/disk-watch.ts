import { formatDuration, humanDuration } from '../../lib/duration.ts';
import type { CheckMemory } from '../check-type.ts';
import type { DiskFinding } from './disk-finding.ts';
import {
  forecastOf,
  growthSentence,
  sampleEveryMs,
  withSample,
  type UsageSample,
} from './disk-forecast.ts';
import type { UsageAnswer } from './file-system-usage.ts';
import { isReadOnly, madeReadOnly } from './mount-finding.ts';
import { mountOf, type Mount } from './mounts.ts';

/** What is known of a path from one run to the next, and over a restart. */
interface Known {
  readonly samples: readonly UsageSample[];
  /** It could be written to once. */
  readonly writable: boolean;
}

export interface DiskWatch {
  /** The finding, with what only somebody sees who has looked before. */
  judge(
    path: string,
    finding: DiskFinding,
    seen: { readonly answer: UsageAnswer; readonly mounts: readonly Mount[] },
    nowMs: number,
  ): DiskFinding;
  /** Keeps what the run has seen; paths that it has not looked at are forgotten. */
  keep(paths: readonly string[]): void;
}

/** Watches file systems over time: how fast they fill, and whether the kernel made them read-only. */
export function createDiskWatch(
  check: string,
  memory: CheckMemory | undefined,
  horizonMs: number | undefined,
): DiskWatch {
  let known = knownFrom(memory?.recall(check));
  let kept = JSON.stringify([...known]);
  return {
    judge(path, finding, { answer, mounts }, nowMs) {
      const before = known.get(path) ?? { samples: [], writable: false };
      const mount = mountOf(path, mounts);
      const isWritable = mount !== undefined && !isReadOnly(mount);
      let { samples } = before;
      let judged = finding;
      if (answer.kind === 'usage') {
        const { freeBytes, totalBytes } = answer.usage;
        const everyMs = horizonMs === undefined ? sampleEveryMs.growth : sampleEveryMs.forecast;
        samples = withSample(samples, totalBytes - freeBytes, nowMs, everyMs);
        const growth = growthSentence(samples, answer.usage, nowMs);
        if (growth !== undefined) judged = { ...judged, growth: `${path}: ${growth}` };
        const forecast =
          horizonMs === undefined ? undefined : forecastOf(samples, answer.usage, nowMs);
        if (horizonMs !== undefined && forecast !== undefined)
          judged = withForecast(path, judged, forecast, horizonMs);
      }
      known.set(path, { samples, writable: before.writable || isWritable });
      if (mount === undefined || !madeReadOnly(mount, before.writable)) return judged;
      const sentence = `${path} became read-only: the kernel gave it up after an error, see dmesg`;
      return { ...judged, status: 'critical', reason: 'status', sentence };
    },
    keep(paths) {
      known = new Map([...known].filter(([path]) => paths.includes(path)));
      const text = JSON.stringify([...known]);
      if (text === kept) return;
      kept = text;
      memory?.keep(check, [...known]);
    },
  };
}

function withForecast(
  path: string,
  finding: DiskFinding,
  { fullInMs, windowMs }: { readonly fullInMs: number; readonly windowMs: number },
  horizonMs: number,
): DiskFinding {
  const values = [
    ...finding.values,
    {
      metric: `full_in_seconds ${path}`,
      value: Math.round(fullInMs / 1000),
      unit: 's',
      warning: formatDuration(horizonMs),
    },
  ];
  if (fullInMs > horizonMs) return { ...finding, values };
  const full = `full in ${humanDuration(fullInMs)} at the pace of the last ${humanDuration(windowMs)}`;
  const sentence = `${finding.sentence}, ${full}`;
  return finding.status === 'ok'
    ? {
        ...finding,
        values,
        status: 'warning',
        reason: 'threshold',
        sentence: `${sentence}, limit ${formatDuration(horizonMs)}`,
      }
    : { ...finding, values, sentence };
}

function knownFrom(saved: unknown): Map<string, Known> {
  try {
    const known = new Map(saved as Iterable<readonly [string, Known]>);
    return [...known.values()].every(isKnown) ? known : new Map();
  } catch {
    return new Map();
  }
}

function isKnown(value: unknown): boolean {
  const { samples, writable } = (value ?? {}) as Partial<Known>;
  return (
    typeof writable === 'boolean' &&
    Array.isArray(samples) &&
    samples.every((one: unknown) => Array.isArray(one) && one.every(Number.isFinite))
  );
}
