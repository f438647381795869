import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDueQueue } from '../../src/lib/due-queue.ts';

test('names come out when they are due, the earliest first', () => {
  const times = fc.array(fc.nat(50), { maxLength: 60 });
  fc.assert(
    fc.property(times, fc.array(fc.nat(60), { maxLength: 20 }), (dueTimes, looks) => {
      const queue = createDueQueue();
      let waiting = dueTimes.map((dueAt, index) => ({ dueAt, name: `${index}` }));
      for (const { dueAt, name } of waiting) queue.add(name, dueAt);
      for (const now of looks.toSorted((a, b) => a - b)) {
        const due = waiting.filter(({ dueAt }) => dueAt <= now).map(({ dueAt }) => dueAt);
        const taken: number[] = [];
        for (let name = queue.takeDue(now); name !== undefined; name = queue.takeDue(now)) {
          taken.push(dueTimes[Number(name)] ?? Number.NaN);
        }
        expect(taken).toEqual(due.toSorted((a, b) => a - b));
        waiting = waiting.filter(({ dueAt }) => dueAt > now);
        expect(queue.size).toBe(waiting.length);
        const first = waiting.map(({ dueAt }) => dueAt).toSorted((a, b) => a - b)[0];
        expect(queue.firstDueAt()).toBe(first);
      }
    }),
  );
});
