import type { Clock } from '../../lib/clock.ts';
import { beforeAbort } from './before-abort.ts';

/** Waits `ms` milliseconds of steady time, or until the signal is aborted. */
export async function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  await beforeAbort(promise, signal);
  cancel();
}
