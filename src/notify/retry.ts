import type { Outcome, OutboxEntry } from '../model/delivery.ts';
import { sendBackoffMaxMs } from '../model/limits.ts';
import { laterMs, type SteadyMs } from '../model/time.ts';

const firstDelayMs = 1000;

/** The share by which a delay is spread either way, so that many agents do not return at once. */
const jitter = 0.2;

/** A receiver that asks for a longer wait than this is asked again anyway. */
const retryAfterMaxMs = 3_600_000;

/**
 * Milliseconds until the next attempt after `attempts` failed ones (at least 1): one second, doubled each
 * time up to `sendBackoffMaxMs`, spread by `random` in [0, 1), and never sooner than the receiver asked.
 */
export function retryDelayMs(attempts: number, random: number, retryAfterMs = 0): number {
  const plainMs = Math.min(sendBackoffMaxMs, firstDelayMs * 2 ** (attempts - 1));
  const spreadMs = plainMs * (1 - jitter + 2 * jitter * random);
  return Math.max(spreadMs, Math.min(retryAfterMs, retryAfterMaxMs));
}

/** Where a delivery stands after an attempt that ended at `now` with `outcome`. */
export function afterAttempt(
  entry: OutboxEntry,
  outcome: Outcome,
  now: SteadyMs,
  random: number,
): OutboxEntry {
  if (outcome.kind === 'delivered') return { ...entry, state: 'delivered' };
  if (outcome.kind === 'permanent') return { ...entry, state: 'failed' };
  const delayMs = retryDelayMs(entry.attempts, random, outcome.retryAfterMs);
  return { ...entry, nextAttemptAt: laterMs(now, delayMs) };
}
