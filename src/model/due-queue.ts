import { Heap } from './heap.ts';
import type { SteadyMs } from './time.ts';

interface Due<Item> {
  readonly at: SteadyMs;
  /** Items of one moment come in the order they were put in. */
  readonly sequence: number;
  readonly item: Item;
}

/** Entries that count no more and are kept all the same: dropping them at once would cost a search. */
const staleMax = 1000;

function isSooner(one: Due<unknown>, other: Due<unknown>): boolean {
  return one.at < other.at || (one.at === other.at && one.sequence < other.sequence);
}

/**
 * What is due next among many, each item at one time: putting and taking cost the logarithm of their number.
 * A new time for an item replaces its former one.
 */
export class DueQueue<Item> {
  #heap = new Heap<Due<Item>>(isSooner);
  /** The entry of each item that counts; older ones in the heap are passed over. */
  readonly #current = new Map<Item, Due<Item>>();
  #sequence = 0;

  put(item: Item, at: SteadyMs): void {
    if (this.#current.get(item)?.at === at) return;
    this.#sequence += 1;
    const due = { at, sequence: this.#sequence, item };
    this.#current.set(item, due);
    this.#heap.push(due);
    if (this.#heap.size > 2 * this.#current.size + staleMax) this.#dropAllStale();
  }

  /** Entries that it holds, those that count no more among them. */
  get size(): number {
    return this.#heap.size;
  }

  remove(item: Item): void {
    this.#current.delete(item);
  }

  /** When the first item is due; undefined when there is none. */
  nextAt(): SteadyMs | undefined {
    this.#dropStale();
    return this.#heap.first?.at;
  }

  /** Takes out the first item if it is due. */
  take(now: SteadyMs): Item | undefined {
    const next = this.nextAt();
    if (next === undefined || next > now) return undefined;
    const item = this.#heap.take()?.item;
    if (item !== undefined) this.#current.delete(item);
    return item;
  }

  #dropAllStale(): void {
    this.#heap = new Heap<Due<Item>>(isSooner);
    for (const due of this.#current.values()) this.#heap.push(due);
  }

  #dropStale(): void {
    for (let { first } = this.#heap; first !== undefined; { first } = this.#heap) {
      if (this.#current.get(first.item) === first) return;
      this.#heap.take();
    }
  }
}
