import { setTimeout as delay } from 'node:timers/promises';

/** Waits until the condition holds; fails after ten seconds, or as many as are told. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 10_000,
): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error(`waited in vain: ${what}`);
    await delay(10);
  }
}
