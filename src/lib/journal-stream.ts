import { fstatSync } from 'node:fs';

/**
 * Whether standard error goes straight to the journal. The variable is inherited by whatever a service starts,
 * so that it counts only if it names the very stream. Source: systemd.exec(5), `JOURNAL_STREAM`.
 */
export function goesToJournal(
  environment: Readonly<Record<string, string | undefined>>,
  descriptor = 2,
): boolean {
  const stream = environment['JOURNAL_STREAM'];
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}
