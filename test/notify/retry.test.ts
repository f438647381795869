import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { sendBackoffMaxMs } from '../../src/model/limits.ts';
import type { SteadyMs } from '../../src/model/time.ts';
import { afterAttempt, retryDelayMs } from '../../src/notify/retry.ts';
import { sampleDelivery } from '../support/sample-delivery.ts';

const attempts = fc.integer({ min: 1, max: 2000 });
const random = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

test('the delay never shrinks from one attempt to the next', () => {
  fc.assert(
    fc.property(attempts, random, (count, spread) => {
      expect(retryDelayMs(count + 1, spread)).toBeGreaterThanOrEqual(retryDelayMs(count, spread));
    }),
  );
});

test('the delay stays within a fifth of a second doubled up to the cap', () => {
  fc.assert(
    fc.property(attempts, random, (count, spread) => {
      const plainMs = Math.min(1000 * 2 ** (count - 1), sendBackoffMaxMs);
      expect(retryDelayMs(count, spread)).toBeGreaterThanOrEqual(0.8 * plainMs);
      expect(retryDelayMs(count, spread)).toBeLessThanOrEqual(1.2 * plainMs);
    }),
  );
});

test('the delay is never shorter than what the receiver asked for, up to an hour', () => {
  fc.assert(
    fc.property(attempts, random, fc.nat(10_000_000), (count, spread, askedMs) => {
      const delayMs = retryDelayMs(count, spread, askedMs);
      expect(delayMs).toBeGreaterThanOrEqual(Math.min(askedMs, 3_600_000));
      expect(delayMs).toBeLessThanOrEqual(Math.max(3_600_000, sendBackoffMaxMs * 1.2));
    }),
  );
});

test('a passing failure is pending again, however often it was tried', () => {
  const entry = {
    delivery: sampleDelivery(),
    state: 'pending',
    attempts: 500,
    nextAttemptAt: 0 as SteadyMs,
  } as const;
  const outcome = { kind: 'passing', reason: 'connect', detail: '' } as const;
  const after = afterAttempt(entry, outcome, 1000 as SteadyMs, 0.5);
  expect(after).toMatchObject({ state: 'pending', nextAttemptAt: 1000 + sendBackoffMaxMs });
});
