/** Names in the order in which they come due: a binary heap, so that neither end of it is a search. */
export interface DueQueue {
  /** The same name may be put in more than once; each comes out by itself. */
  add(name: string, dueAt: number): void;
  /** When the first one comes due; undefined when there is none. */
  firstDueAt(): number | undefined;
  /** Takes out the first one that is due at `now`, if any is. */
  takeDue(now: number): string | undefined;
  readonly size: number;
}

interface Entry {
  readonly name: string;
  readonly dueAt: number;
}

export function createDueQueue(): DueQueue {
  const heap: Entry[] = [];
  return {
    add(name, dueAt) {
      rise(heap, { name, dueAt });
    },
    firstDueAt: () => heap[0]?.dueAt,
    takeDue(now) {
      const [first] = heap;
      if (first === undefined || first.dueAt > now) return undefined;
      const last = heap.pop();
      if (heap.length > 0 && last !== undefined) sink(heap, last);
      return first.name;
    },
    get size() {
      return heap.length;
    },
  };
}

/** Puts an entry at the end and brings it up to its place. */
function rise(heap: Entry[], entry: Entry): void {
  let at = heap.length;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || parent.dueAt <= entry.dueAt) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = entry;
}

/** Puts `entry` in the place of the first one and brings it down to its own. */
function sink(heap: Entry[], entry: Entry): void {
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    const right = left + 1;
    const below = dueAt(heap, right) < dueAt(heap, left) ? right : left;
    const child = heap[below];
    if (child === undefined || child.dueAt >= entry.dueAt) break;
    heap[at] = child;
    at = below;
  }
  heap[at] = entry;
}

function dueAt(heap: readonly Entry[], at: number): number {
  return heap[at]?.dueAt ?? Number.POSITIVE_INFINITY;
}
