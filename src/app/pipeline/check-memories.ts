import type { CheckMemory } from '../../checks/check-type.ts';
import type { CheckSpec } from '../../model/check.ts';
import type { Saved } from '../../store/store.ts';
import type { Journal } from './journal.ts';

/** What checks want to know again after a restart, by check; others are forgotten at the start. */
export function createCheckMemories(
  saved: Saved['kept'],
  journal: Journal,
  checks: readonly Pick<CheckSpec, 'name'>[],
  drawer: 'check' | 'evidence' = 'check',
): CheckMemory & { resave(): void } {
  const configured = new Set(checks.map(({ name }) => name));
  const values = new Map(saved.get(drawer));
  for (const name of values.keys()) {
    if (configured.has(name)) continue;
    values.delete(name);
    journal.keep({ drawer, name, value: undefined });
  }
  return {
    recall: (check) => values.get(check),
    keep(check, value) {
      values.set(check, value);
      journal.keep({ drawer, name: check, value });
    },
    resave() {
      for (const [name, value] of values) journal.keep({ drawer, name, value });
    },
  };
}
