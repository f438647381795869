import type { SteadyMs } from '../model/time.ts';

/** Something with the time from which it may happen. */
interface Due<Item> {
  readonly item: Item;
  readonly dueAt: SteadyMs;
  /** Decides between two of the same time: the lower one comes first. */
  readonly position: number;
}

/** A heap of what is due when. What is no longer true in it is found out only when its turn comes. */
export interface DueHeap<Item> {
  push(due: Due<Item>): void;
  /** The earliest one that is still valid; those before it are thrown away. */
  peek(): Due<Item> | undefined;
}

export function createDueHeap<Item>(isValid: (due: Due<Item>) => boolean): DueHeap<Item> {
  const heap: Due<Item>[] = [];

  const swap = (a: number, b: number): void => {
    const first = heap[a];
    const second = heap[b];
    if (first === undefined || second === undefined) return;
    heap[a] = second;
    heap[b] = first;
  };

  const comesBefore = (a: number, b: number): boolean => {
    const first = heap[a];
    const second = heap[b];
    if (first === undefined || second === undefined) return false;
    return (first.dueAt - second.dueAt || first.position - second.position) < 0;
  };

  const rise = (start: number): void => {
    for (let index = start; index > 0;) {
      const parent = (index - 1) >> 1;
      if (!comesBefore(index, parent)) return;
      swap(index, parent);
      index = parent;
    }
  };

  const sink = (): void => {
    for (let index = 0; ;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const child = comesBefore(right, left) ? right : left;
      if (!comesBefore(child, index)) return;
      swap(index, child);
      index = child;
    }
  };

  const drop = (): void => {
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    sink();
  };

  return {
    push(due) {
      heap.push(due);
      rise(heap.length - 1);
    },
    peek() {
      for (let [top] = heap; top !== undefined; [top] = heap) {
        if (isValid(top)) return top;
        drop();
      }
      return undefined;
    },
  };
}
