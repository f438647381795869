import type { Attempt, Delivery, SendFailure } from '../model/delivery.ts';
import type { Instant, SteadyMs, WallMs } from '../model/time.ts';
import { clockTime } from './clock-time.ts';

/** What is known of one integration of one receiver. Kept over restarts. */
export interface ReceiverRecord {
  readonly lastSuccessAt?: WallMs;
  /** The latest test that it took. */
  readonly lastProofAt?: WallMs;
  /** The latest time in which it took nothing; it lasts while `until` is absent. */
  readonly trouble?: Trouble;
  /** Ids of what is being told in a digest: a restart tells the same digest again. */
  readonly digest?: readonly string[];
  /** When it took the latest messages that its rate limit counts, oldest first. */
  readonly told?: readonly SteadyMs[];
}

export interface Trouble {
  readonly since: Instant;
  readonly latest: WallMs;
  readonly until?: Instant;
  readonly reason: SendFailure;
  readonly detail: string;
}

/** The records by receiver, as far as the outbox needs them. */
export interface ReceiverRecords {
  /** By `receiverKey`. */
  get(receiver: string): ReceiverRecord;
  /** Takes in what came of an attempt that ended at `now`. */
  note(delivery: Delivery, attempt: Attempt, now: Instant): void;
  /** Remembers what is being told in a digest. */
  noteDigest(receiver: string, ids: readonly string[]): void;
}

/** What is known after an attempt that ended at `now`. `keepTold` is how many messages are remembered. */
export function afterAttemptAt(
  record: ReceiverRecord,
  { outcome, atMs }: Attempt,
  { isProof, now, keepTold }: { isProof: boolean; now: Instant; keepTold: number },
): ReceiverRecord {
  const { trouble } = record;
  if (outcome.kind === 'delivered') {
    const told =
      isProof || keepTold === 0 ? (record.told ?? []) : [...(record.told ?? []), now.steadyMs];
    return {
      ...record,
      lastSuccessAt: atMs,
      digest: [],
      ...(isProof ? { lastProofAt: atMs } : {}),
      ...(trouble === undefined ? {} : { trouble: { ...trouble, until: trouble.until ?? now } }),
      ...(keepTold === 0 ? {} : { told: told.slice(-keepTold) }),
    };
  }
  const since = trouble === undefined || trouble.until !== undefined ? now : trouble.since;
  const { reason, detail } = outcome;
  return { ...record, trouble: { since, latest: atMs, reason, detail } };
}

/** The trouble that lasts. */
export function presentTrouble({ trouble }: ReceiverRecord): Trouble | undefined {
  return trouble?.until === undefined ? trouble : undefined;
}

const networkReasons: ReadonlySet<SendFailure> = new Set(['resolve', 'connect', 'timeout', 'tls']);

/** What went wrong, to follow a name: `could not be reached from 12:02 UTC to 12:16 UTC: refused`. */
export function describeTrouble(trouble: Trouble, now: WallMs): string {
  const { since, until, reason, detail } = trouble;
  const start = clockTime(since.wallMs, now);
  const span =
    until === undefined ? `since ${start}` : `from ${start} to ${clockTime(until.wallMs, now)}`;
  const what = networkReasons.has(reason) ? 'could not be reached' : 'refused messages';
  return `${what} ${span}: ${detail}`;
}
