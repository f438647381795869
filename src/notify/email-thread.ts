import { dayOf } from '../model/time.ts';
import type { Delivery, Outcome } from '../model/delivery.ts';
import type { ConversationMemory } from './integration.ts';
import { messageIdOf } from './message-id.ts';

/** How messages about the same are tied together. */
interface Threading {
  readonly enabled: boolean;
  /** With a value: one thread for a group, or one each day, as Alertmanager has it. */
  readonly thread_by_date?: 'none' | 'daily' | undefined;
}

/**
 * The message that this one belongs under, by its Message-ID; undefined for one that begins a thread. By
 * default an incident is a thread: whatever follows its first message refers to that one.
 */
export function threadOf(
  delivery: Delivery,
  { enabled, thread_by_date: byDate }: Threading,
  from: string,
  memory: ConversationMemory,
): string | undefined {
  const { dedupKey, createdAt, notification } = delivery;
  if (!enabled || !belongsToIncident(delivery)) return undefined;
  if (byDate !== undefined) {
    const day = dayOf(new Date(createdAt.wallMs));
    return messageIdOf(`thread\n${dedupKey}${byDate === 'daily' ? `\n${day}` : ''}`, from);
  }
  if (notification.reason === 'first notification') return undefined;
  const first = memory.recall();
  return typeof first === 'string' ? first : undefined;
}

/** Remembers under which message the next ones belong, once this one has been taken. */
export function noteThread(
  delivery: Delivery,
  outcome: Outcome,
  parent: string | undefined,
  from: string,
  memory: ConversationMemory,
): void {
  if (outcome.kind !== 'delivered' || !belongsToIncident(delivery)) return;
  const isOver = delivery.notification.status === 'resolved';
  memory.remember(isOver ? undefined : (parent ?? messageIdOf(delivery.id, from)));
}

function belongsToIncident({ notification: { reason } }: Delivery): boolean {
  return reason !== 'test' && reason !== 'report';
}
