import type { SteadyMs } from '../model/time.ts';

interface Due<Item> {
  readonly at: SteadyMs;
  /** Items of one moment come in the order they were put in. */
  readonly sequence: number;
  readonly item: Item;
}

/**
 * What is due next among many, each item at one time: putting and taking cost the logarithm of their number
 * (a binary heap). A new time for an item replaces its former one.
 */
export class DueQueue<Item> {
  readonly #heap: Due<Item>[] = [];
  /** The entry of each item that counts; older ones in the heap are passed over. */
  readonly #current = new Map<Item, Due<Item>>();
  #sequence = 0;

  put(item: Item, at: SteadyMs): void {
    if (this.#current.get(item)?.at === at) return;
    this.#sequence += 1;
    const due = { at, sequence: this.#sequence, item };
    this.#current.set(item, due);
    this.#heap.push(due);
    this.#rise(this.#heap.length - 1);
  }

  remove(item: Item): void {
    this.#current.delete(item);
  }

  /** When the first item is due; undefined when there is none. */
  nextAt(): SteadyMs | undefined {
    this.#dropStale();
    return this.#heap[0]?.at;
  }

  /** Takes out the first item if it is due. */
  take(now: SteadyMs): Item | undefined {
    const next = this.nextAt();
    if (next === undefined || next > now) return undefined;
    const item = this.#pop()?.item;
    if (item !== undefined) this.#current.delete(item);
    return item;
  }

  #dropStale(): void {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (this.#current.get(top.item) === top) return;
      this.#pop();
    }
  }

  #pop(): Due<Item> | undefined {
    const [top] = this.#heap;
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return top;
    this.#heap[0] = last;
    this.#sink();
    return top;
  }

  #rise(from: number): void {
    for (let index = from; index > 0;) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  #sink(): void {
    for (let index = 0; ;) {
      const left = index * 2 + 1;
      const child = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfBefore(child, index)) return;
      index = child;
    }
  }

  #swapIfBefore(a: number, b: number): boolean {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first === undefined || second === undefined || !this.#isBefore(a, b)) return false;
    this.#heap[a] = second;
    this.#heap[b] = first;
    return true;
  }

  #isBefore(a: number, b: number): boolean {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first === undefined || second === undefined) return false;
    return first.at < second.at || (first.at === second.at && first.sequence < second.sequence);
  }
}
