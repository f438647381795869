import { setTimeout as delay } from 'node:timers/promises';

/** Waits until the condition holds; fails after ten seconds. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  const endMs = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error(`waited in vain: ${what}`);
    await delay(10);
  }
}
