import { ReceiverBook } from '../../src/app/watching/receiver-book.ts';
import type { ReceiverSpec } from '../../src/model/route.ts';
import type { KeptChange } from '../../src/store/store.ts';

/** What an outbox needs of a receiver book, over a drawer in memory that outlives it. */
export function createBook(
  receivers: readonly ReceiverSpec[],
  drawer = new Map<string, unknown>(),
) {
  const keep = ({ name, value }: KeptChange): void => {
    if (value === undefined) drawer.delete(name);
    else drawer.set(name, structuredClone(value));
  };
  const book = new ReceiverBook(drawer, { receivers: () => receivers, keep });
  return {
    receivers: () => receivers,
    records: book,
    open: new Map(book.open),
    keepOpen: book.keepOpen.bind(book),
  };
}
