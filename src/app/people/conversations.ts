import type { Delivery } from '../../model/delivery.ts';
import { conversationsMax } from '../../model/limits.ts';
import type { ConversationMemory } from '../../notify/integration.ts';
import type { KeptChange } from '../../store/store.ts';

/**
 * What integrations remember of their conversations, such as which message of theirs to change. Saved with
 * the outcome of the send that learned it, in one transaction.
 */
export class Conversations {
  readonly #keep: (change: KeptChange) => void;
  readonly #known: Map<string, unknown>;

  /** `saved` is what the drawer `conversation` holds. */
  constructor(keep: (change: KeptChange) => void, saved: ReadonlyMap<string, unknown> = new Map()) {
    this.#keep = keep;
    this.#known = new Map(saved);
  }

  /** The memory of what is told to one integration of a receiver under one dedup key. */
  of({ receiver, integration, index, dedupKey }: Delivery): ConversationMemory {
    const name = JSON.stringify([receiver, integration, index, dedupKey]);
    return {
      recall: () => this.#known.get(name),
      remember: (value) => this.#set(name, value),
    };
  }

  /** Puts everything into the journal again, for a database that has begun anew. */
  resave(): void {
    for (const [name, value] of this.#known) this.#keep({ drawer: 'conversation', name, value });
  }

  #set(name: string, value: unknown): void {
    if (value === undefined && !this.#known.has(name)) return;
    this.#known.delete(name);
    this.#keep({ drawer: 'conversation', name, value });
    if (value === undefined) return;
    this.#known.set(name, value);
    // Those that nobody ends are of groups that are gone, or whose end is not told.
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= conversationsMax) break;
      this.#set(oldest, undefined);
    }
  }
}
