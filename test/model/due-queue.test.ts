import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SteadyMs } from '../../src/model/time.ts';
import { DueQueue } from '../../src/model/due-queue.ts';

type Step =
  | { readonly kind: 'put'; readonly item: number; readonly at: number }
  | { readonly kind: 'remove'; readonly item: number }
  | { readonly kind: 'take'; readonly at: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('put' as const), item: fc.nat(9), at: fc.nat(20) }),
    fc.record({ kind: fc.constant('remove' as const), item: fc.nat(9) }),
    fc.record({ kind: fc.constant('take' as const), at: fc.nat(20) }),
  ),
  { maxLength: 60 },
);

test('it gives what is due, earliest first, exactly as a list that is searched would', () => {
  fc.assert(
    fc.property(steps, (history) => {
      const queue = new DueQueue<number>();
      let list: { item: number; at: number }[] = [];
      for (const step of history) {
        if (step.kind === 'put') {
          const known = list.find(({ item }) => item === step.item);
          if (known?.at !== step.at) {
            list = [...list.filter(({ item }) => item !== step.item), step];
          }
          queue.put(step.item, step.at as SteadyMs);
        } else if (step.kind === 'remove') {
          list = list.filter(({ item }) => item !== step.item);
          queue.remove(step.item);
        } else {
          const [first] = list.toSorted((a, b) => a.at - b.at);
          const due = first !== undefined && first.at <= step.at ? first.item : undefined;
          expect(queue.take(step.at as SteadyMs)).toBe(due);
          list = list.filter(({ item }) => item !== due);
        }
        expect(queue.nextAt()).toBe(
          list.length === 0 ? undefined : Math.min(...list.map((x) => x.at)),
        );
      }
    }),
  );
});

test('what was put in and taken back does not pile up', () => {
  const queue = new DueQueue<number>();
  queue.put(-1, 5000 as SteadyMs);
  for (let item = 0; item < 5000; item += 1) {
    queue.put(item, (10_000 + item) as SteadyMs);
    queue.remove(item);
  }
  expect(queue.size).toBeLessThan(1100);
  expect(queue.take(5000 as SteadyMs)).toBe(-1);
  expect(queue.nextAt()).toBeUndefined();
});
