import type * as v from 'valibot';
import type { OutputOf } from '../lib/schema-atoms.ts';
import type { Alert } from '../model/alert.ts';
import type { Delivery, Outcome } from '../model/delivery.ts';
import type { WallMs } from '../model/time.ts';

/**
 * What an integration remembers of the messages under one dedup key, across restarts. A value must be fit
 * for JSON; it is saved together with the outcome of the send.
 */
export interface ConversationMemory {
  recall(): unknown;
  /** `undefined` forgets. */
  remember(value: unknown): void;
}

/** What an integration needs to know beside the delivery. */
export interface SendContext {
  /** Aborted at the deadline of this attempt and when the agent stops. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** When this attempt begins. */
  readonly nowMs: WallMs;
  /** Where people reach the agent's page; empty when it has none they could open. */
  readonly externalURL: string;
  /** Where whoever reads the message may take on an alert; empty when nobody could open it. */
  readonly acknowledgeURL?: (alert: Alert) => string;
  /** Product and version for User-Agent. */
  readonly userAgent: string;
  /** What is remembered of the conversation that the delivery belongs to. */
  readonly memory: ConversationMemory;
  /** Where the terminal prints instead of standard output. */
  readonly write?: (text: string) => void;
}

/**
 * One way of reaching people: the keys of its block in the configuration, and how to send. `send` never
 * throws for what the receiver does: every answer is an `Outcome`.
 */
export interface Integration<Entries extends v.ObjectEntries = v.ObjectEntries> {
  readonly entries: Entries;
  readonly refuse?: (options: OutputOf<Entries>) => string | undefined;
  /** Alertmanager's default for `send_resolved`. */
  readonly sendResolvedDefault: boolean;
  /** Whether each alert of a group becomes a delivery (and a dedup key) of its own. */
  readonly splitsAlerts?: (options: OutputOf<Entries>) => boolean;
  /** How often it has to hear of what still fires, for it forgets what it is not told again. */
  readonly refreshMs?: number;
  /** The blocks that one block stands for, each told on its own. */
  readonly spread?: (options: OutputOf<Entries>) => readonly OutputOf<Entries>[];
  /** Whether it can show that somebody has taken on what it was told. */
  readonly tellsAcknowledgement?: (options: OutputOf<Entries>) => boolean;
  send(delivery: Delivery, options: OutputOf<Entries>, context: SendContext): Promise<Outcome>;
}

export function integration<const Entries extends v.ObjectEntries>(
  definition: Integration<Entries>,
): Integration {
  return definition as unknown as Integration;
}
