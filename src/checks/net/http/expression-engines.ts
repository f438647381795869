import { loadCelEngine } from './cel-program.ts';

/** Keys whose values hold expressions in CEL. */
const celKeys = /_cel\b/;

/** Loads the engine that the CEL expressions in a configuration need, which are compiled while it is read. */
export async function loadExpressionEngines(text: string): Promise<void> {
  if (celKeys.test(text)) await loadCelEngine();
}
