/*
 * Stands in for vitest where the servers of the tests serve the bench: what a test would close when it is over is
 * closed when the bench is.
 */
const closing: (() => unknown)[] = [];

/** As of vitest, for the whole process. */
export function onTestFinished(close: () => unknown): void {
  closing.push(close);
}

/** Closes everything, the last first. */
export async function finish(): Promise<void> {
  for (const close of closing.toReversed()) await close();
  closing.length = 0;
}
