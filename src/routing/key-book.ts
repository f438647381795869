import type { IntegrationSpec } from '../model/route.ts';
import type { LogEntry } from './decide.ts';
import { fingerprintOf } from './group.ts';

/** Which dedup keys the integrations of receivers know, counted by group. */
export class KeyBook {
  readonly #used = new Map<string, number>();
  /** The same for groups of which something fires that is told under that key. */
  readonly #open = new Map<string, number>();

  /** An entry of the log came to be (1) or is no longer (-1). */
  count(logKey: string, entry: LogEntry, by: 1 | -1): void {
    const name = `${ownerOf(logKey)}\n${entry.dedupKey}`;
    add(this.#used, name, by);
    const elsewhere = new Set(entry.elsewhere);
    if (entry.firing.some((id) => !elsewhere.has(fingerprintOf(id)))) add(this.#open, name, by);
  }

  isUsed(receiver: string, integration: IntegrationSpec, key: string): boolean {
    return this.#used.has(nameOf(receiver, integration, key));
  }

  /** Whether something fires in more than one group that is told under this key. */
  isShared(receiver: string, integration: IntegrationSpec, key: string): boolean {
    return (this.#open.get(nameOf(receiver, integration, key)) ?? 0) > 1;
  }
}

function add(counts: Map<string, number>, name: string, by: 1 | -1): void {
  const sum = (counts.get(name) ?? 0) + by;
  if (sum === 0) counts.delete(name);
  else counts.set(name, sum);
}

/** The integration of a receiver that a log entry belongs to: its key without the group. */
function ownerOf(logKey: string): string {
  return `${logKey.slice(0, logKey.indexOf('\n'))}\n${logKey.slice(logKey.lastIndexOf('\n') + 1)}`;
}

function nameOf(receiver: string, { integration, index }: IntegrationSpec, key: string): string {
  return `${receiver}\n${integration}/${index}\n${key}`;
}
