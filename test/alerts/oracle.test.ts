import fc from 'fast-check';
import { expect, test } from 'vitest';
import { initialState, judge } from '../../src/alerts/debounce.ts';
import type { DebouncePolicy } from '../../src/model/check.ts';
import type { Status } from '../../src/model/result.ts';
import { instant } from '../../src/model/time.ts';
import { oracle, type Seen } from '../support/debounce-oracle.ts';

const anyPolicy: fc.Arbitrary<DebouncePolicy> = fc
  .record({
    failures: fc.integer({ min: 1, max: 5 }),
    extra: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
    forMs: fc.constantFrom(0, 0, 3000, 20_000),
    recoverAfter: fc.integer({ min: 1, max: 4 }),
    keepFiringForMs: fc.constantFrom(0, 0, 4000, 20_000),
    flap: fc.option(
      fc
        .record({
          window: fc.integer({ min: 2, max: 12 }),
          high: fc.constantFrom(0.3, 0.5, 0.6, 1),
          low: fc.constantFrom(0, 0.25, 0.3),
        })
        .filter(({ high, low }) => low < high),
      { nil: undefined },
    ),
  })
  .map(({ failures, extra, flap, ...rest }) => ({
    ...rest,
    ...(flap === undefined ? {} : { flap }),
    failAfter:
      extra === undefined
        ? { kind: 'consecutive', failures }
        : { kind: 'window', failures, of: failures + extra },
  }));

/** Rows of one status, so that histories come to conclusions, with single ones in between. */
const anyHistory = fc
  .array(
    fc.record({
      status: fc.constantFrom<Status>('ok', 'ok', 'critical', 'critical', 'warning', 'unknown'),
      times: fc.constantFrom(1, 1, 1, 2, 3, 4, 5, 12),
      everyMs: fc.constantFrom(1000, 1000, 5000),
    }),
    { maxLength: 30 },
  )
  .map((rows) =>
    rows.flatMap(({ status, times, everyMs }) =>
      Array.from({ length: times }, () => ({ status, everyMs })),
    ),
  );

test('a second telling of the rules, without counters, comes to the same over random histories', () => {
  fc.assert(
    fc.property(anyHistory, anyPolicy, (history, policy) => {
      let atMs = 0;
      let state = initialState;
      const known: Seen[] = [];
      const judged: object[] = [];
      for (const { status, everyMs } of history) {
        atMs += everyMs;
        const before = state;
        const judgement = judge(state, status, policy, instant(atMs, 0));
        state = judgement.state;
        if (status === 'unknown') {
          expect(judgement.transition).toBeUndefined();
          expect(state).toBe(before);
          continue;
        }
        known.push({ atMs, status });
        const { phase, flapping, level } = state;
        const { transition, spared } = judgement;
        judged.push({ phase, flapping, level, transition, spared });
      }
      expect(judged).toEqual(oracle(known, policy));
    }),
    { numRuns: 3000 },
  );
});
