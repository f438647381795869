import { formatDuration, humanDuration } from '../../lib/duration.ts';
import { formatBytes } from './bytes.ts';
import type { FileFacts } from './file-facts.ts';
import type { FileTrouble } from './file-question.ts';

/** How old a file may be, in milliseconds. */
export interface AgeLimits {
  readonly warning?: number | undefined;
  readonly critical?: number | undefined;
}

export interface FileRules {
  readonly newest?: AgeLimits | undefined;
  readonly oldest?: AgeLimits | undefined;
  /** Bytes. */
  readonly min_size?: number | undefined;
  readonly max_size?: number | undefined;
  readonly min_count: number;
  readonly max_count?: number | undefined;
  readonly owner?: string | number | undefined;
  readonly mode?: string | undefined;
}

/** The newest file and the oldest one; undefined for none. */
export function extremesOf(
  files: readonly FileFacts[],
): { readonly newest: FileFacts; readonly oldest: FileFacts } | undefined {
  const sorted = files.toSorted((a, b) => b.changedMs - a.changedMs);
  const [newest] = sorted;
  const oldest = sorted.at(-1);
  return newest === undefined || oldest === undefined ? undefined : { newest, oldest };
}

export function ageMs({ changedMs }: FileFacts, nowMs: number): number {
  return Math.max(0, nowMs - changedMs);
}

/** What is wrong with files as they lie there, without a look into them. */
export function judgeFacts(
  path: string,
  files: readonly FileFacts[],
  rules: FileRules,
  nowMs: number,
): readonly FileTrouble[] {
  const extremes = extremesOf(files);
  return [
    ...judgeCount(path, files.length, rules),
    ...(extremes === undefined
      ? []
      : [
          ...judgeAge('newest', extremes.newest, rules.newest, files.length, nowMs),
          ...judgeAge('oldest', extremes.oldest, rules.oldest, files.length, nowMs),
          ...judgeSize(extremes.newest, rules),
          ...judgeOwner(extremes.newest, rules),
        ]),
  ];
}

function judgeCount(
  path: string,
  count: number,
  { min_count: least, max_count: most }: FileRules,
): readonly FileTrouble[] {
  const counted = count === 0 ? 'no file' : count === 1 ? '1 file' : `${count} files`;
  if (count < least) {
    const trouble = `${path}: ${counted}, wanted at least ${least}`;
    return [{ status: 'critical', reason: count === 0 ? 'missing' : 'threshold', trouble }];
  }
  if (most === undefined || count <= most) return [];
  const trouble = `${path}: ${counted}, wanted at most ${most}`;
  return [{ status: 'critical', reason: 'threshold', trouble }];
}

function judgeAge(
  which: string,
  file: FileFacts,
  limits: AgeLimits | undefined,
  count: number,
  nowMs: number,
): readonly FileTrouble[] {
  const age = ageMs(file, nowMs);
  const status = (['critical', 'warning'] as const).find((one) => {
    const limit = limits?.[one];
    return limit !== undefined && age >= limit;
  });
  if (status === undefined) return [];
  const among = count === 1 ? '' : `, the ${which} of ${count} files,`;
  const limit = formatDuration(limits?.[status] ?? 0);
  const trouble = `${file.path}${among} was last written ${humanDuration(age)} ago, limit ${limit}`;
  return [{ status, reason: 'stale', trouble }];
}

function judgeSize({ path, bytes }: FileFacts, rules: FileRules): readonly FileTrouble[] {
  const { min_size: least, max_size: most } = rules;
  const found = `${path} has ${formatBytes(bytes)}`;
  if (least !== undefined && bytes < least) {
    const trouble = `${found}, wanted at least ${formatBytes(least)}`;
    return [{ status: 'critical', reason: 'threshold', trouble }];
  }
  if (most === undefined || bytes <= most) return [];
  const trouble = `${found}, wanted at most ${formatBytes(most)}`;
  return [{ status: 'critical', reason: 'threshold', trouble }];
}

function judgeOwner(
  { path, owner, mode }: FileFacts,
  { owner: wanted, mode: wantedMode }: FileRules,
): readonly FileTrouble[] {
  const troubles: FileTrouble[] = [];
  const isTheirs =
    wanted === undefined || owner.name === wanted || String(owner.uid) === String(wanted);
  if (!isTheirs) {
    const trouble = `${path} belongs to ${owner.name} (${owner.uid}), wanted ${wanted}`;
    troubles.push({ status: 'critical', reason: 'status', trouble });
  }
  if (wantedMode !== undefined && wantedMode !== mode) {
    const trouble = `${path} has the permissions ${mode}, wanted ${wantedMode}`;
    troubles.push({ status: 'critical', reason: 'status', trouble });
  }
  return troubles;
}
