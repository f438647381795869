import type { Acknowledgement } from './acknowledgement.ts';
import type { OutboxEntry } from './delivery.ts';
import type { RecordedResult } from './result.ts';
import type { Instant, WallMs } from './time.ts';
import type { Told } from './told.ts';

/** What a replay needs to know of a result. */
export type PlayedResult = Pick<
  RecordedResult,
  'check' | 'status' | 'startedAt' | 'durationMs' | 'summary' | 'reason'
>;

/** Some results in the order in which they came in. `next` asks for the rest; undefined at the end. */
export interface ResultsPage {
  readonly results: readonly PlayedResult[];
  readonly next: number | undefined;
}

/** A notification as it was planned, and what became of it. */
export interface RecordedNotification extends Told {
  readonly at: WallMs;
  readonly state: OutboxEntry['state'];
}

/** Some notifications in the order in which they were planned. */
export interface NotificationsPage {
  readonly notifications: readonly RecordedNotification[];
  readonly next: number | undefined;
}

/** A process of the agent that went on where an earlier one had stopped. */
export interface AgentRun {
  readonly startedAt: Instant;
  /** When the one before last saved something; absent for the very first. */
  readonly formerEndedAt?: Instant;
}

/** What is known of a recording beside its results. */
export interface RecordingFacts {
  /** Until when it goes. */
  readonly until: Instant;
  /** Oldest first. */
  readonly runs: readonly AgentRun[];
  /** As they are saved. */
  readonly silences: readonly unknown[];
  /** Those that still stand. */
  readonly acknowledgements: readonly Acknowledgement[];
}

/** What the agent has found and told, to be read page by page. */
export interface Recording {
  facts(): RecordingFacts;
  /** Where results begin that are not older than a date, for `results`. */
  beginAt(from: WallMs): number;
  /** At most `limit` results from a place on. */
  results(after: number, limit: number): ResultsPage;
  /** At most `limit` notifications that are not older than a date; begins after 0. */
  notifications(from: WallMs, after: number, limit: number): NotificationsPage;
}
