import { humanDuration } from '../../lib/duration.ts';
import {
  byWorst,
  notOk,
  ok,
  type CheckResult,
  type FailureReason,
  type MeasuredValue,
  type Status,
} from '../../model/result.ts';
import {
  capacityReaches,
  judgeLimits,
  limitPhrase,
  limitTexts,
  type CapacityLimit,
  type Limits,
  type NumberLimit,
} from '../threshold.ts';
import { formatBytes } from './bytes.ts';
import type { FileSystemUsage, UsageAnswer } from './file-system-usage.ts';
import { reasonNotRun } from './missing-program.ts';

/** What was found out about one file system. */
export interface DiskFinding {
  readonly status: Status;
  readonly reason: FailureReason;
  /** Names the path. */
  readonly sentence: string;
  readonly usedPercent: number;
  /** How it has grown, where that is known and matters. */
  readonly growth?: string;
  /** Whether its space is over a limit, or was and is not back past `clear`. */
  readonly raised: boolean;
  readonly values: readonly MeasuredValue[];
}

export interface DiskLimits {
  readonly space: Limits<CapacityLimit>;
  readonly inodes: Limits<NumberLimit>;
}

/** Judges one file system; `raisedBefore` is whether the finding before this one was raised. */
export function findingOf(
  path: string,
  answer: UsageAnswer,
  limits: DiskLimits,
  raisedBefore: boolean,
): DiskFinding {
  if (answer.kind === 'usage') return judgeUsage(path, answer.usage, limits, raisedBefore);
  const nothing = { usedPercent: 0, raised: raisedBefore, values: [] };
  if (answer.kind === 'silent') {
    const sentence = `${path} has not answered statfs for ${humanDuration(answer.silentMs)}`;
    return { status: 'critical', reason: 'timeout', sentence, ...nothing };
  }
  const { message } = answer;
  if (/permission denied/i.test(message)) {
    const sentence = `the user of the agent may not enter the folders of ${path}: grant it the right x, with chmod or setfacl -m u:USER:x`;
    return { status: 'unknown', reason: 'permission', sentence, ...nothing };
  }
  if (/no such file/i.test(message)) {
    return {
      status: 'critical',
      reason: 'missing',
      sentence: `${path} does not exist`,
      ...nothing,
    };
  }
  const sentence = `${path} cannot be asked how full it is: ${message}`;
  if (reasonNotRun(message) === 'internal') {
    return { status: 'unknown', reason: 'internal', sentence, ...nothing };
  }
  return { status: 'critical', reason: 'protocol', sentence, ...nothing };
}

function judgeUsage(
  path: string,
  usage: FileSystemUsage,
  { space, inodes }: DiskLimits,
  raisedBefore: boolean,
): DiskFinding {
  const spaceVerdict = judgeLimits(space, (limit) => capacityReaches(usage, limit), raisedBefore);
  const inodesUsed = usage.inodesUsedPercent ?? 0;
  const inodesVerdict = judgeLimits(inodes, (limit) => inodesUsed >= limit.atLeast, false);
  const inodesAreWorse = byWorst(inodesVerdict.status, spaceVerdict.status) < 0;
  const sentence = inodesAreWorse
    ? `${path} has used ${Math.floor(inodesUsed)}% of its inodes${limitPhrase(inodesVerdict)}`
    : `${path} is ${Math.floor(usage.usedPercent)}% full: ${formatBytes(usage.freeBytes)} free of ` +
      `${formatBytes(usage.totalBytes)}${limitPhrase(spaceVerdict)}`;
  return {
    status: inodesAreWorse ? inodesVerdict.status : spaceVerdict.status,
    reason: 'threshold',
    sentence,
    usedPercent: usage.usedPercent,
    raised: spaceVerdict.status !== 'ok',
    values: valuesOf(path, usage, { space, inodes }),
  };
}

function valuesOf(
  path: string,
  usage: FileSystemUsage,
  { space, inodes }: DiskLimits,
): readonly MeasuredValue[] {
  const { usedPercent, freeBytes, inodesUsedPercent } = usage;
  return [
    { metric: `used_percent ${path}`, value: usedPercent, unit: '%', ...limitTexts(space) },
    { metric: `free_bytes ${path}`, value: freeBytes, unit: 'B' },
    ...(inodesUsedPercent === undefined
      ? []
      : [
          {
            metric: `inodes_used_percent ${path}`,
            value: inodesUsedPercent,
            unit: '%',
            ...limitTexts(inodes),
          },
        ]),
  ];
}

/**
 * One result of several file systems, named after the worst. With `all`, nobody named a path: then a
 * mount that vanished meanwhile or lies where the agent may not go is told beside, but judged no failure.
 */
export function sumUp(
  findings: readonly DiskFinding[],
  { all }: { readonly all: boolean },
): CheckResult {
  const aside = all ? findings.filter(isOutOfReach) : [];
  const judged = findings.filter((finding) => !aside.includes(finding)).toSorted(worstFirst);
  const [worst] = judged;
  if (worst === undefined) {
    const why = aside[0]?.sentence ?? 'there is no local file system here: name one with path';
    return notOk('unknown', aside[0]?.reason ?? 'missing', why);
  }
  const values = judged.flatMap((finding) => finding.values);
  const failing = judged.filter((finding) => finding.status !== 'ok');
  const rest = failing.length > 1 ? failing : [];
  const growth = failing.flatMap((finding) => finding.growth ?? []);
  const detail = [...[...rest, ...aside].map((finding) => finding.sentence), ...growth];
  if (worst.status === 'ok') {
    const among = judged.length > 1 ? `, the fullest of ${judged.length}` : '';
    return ok(`${worst.sentence}${among}`, { values, detail });
  }
  const others = rest.length > 1 ? `, and ${rest.length - 1} more in trouble` : '';
  return notOk(worst.status, worst.reason, `${worst.sentence}${others}`, { values, detail });
}

function isOutOfReach({ reason }: DiskFinding): boolean {
  return reason === 'permission' || reason === 'missing';
}

function worstFirst(a: DiskFinding, b: DiskFinding): number {
  return byWorst(a.status, b.status) || b.usedPercent - a.usedPercent;
}
