import type { Clock } from '../lib/clock.ts';

/** Looks under a deadline of its own, `ms` from now, beside the one there is anyway. */
export async function within<T>(
  ms: number,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
  look: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const cancel = clock.after(ms, () => deadline.abort());
  try {
    return await look(AbortSignal.any([signal, deadline.signal]));
  } finally {
    cancel();
  }
}
