import { loadCelEngine } from './cel-program.ts';
import { loadPatternEngine } from './pattern.ts';

/** Keys whose values are regular expressions, and those that hold expressions in CEL. */
const patternKeys = /regexp|expect/;
const celKeys = /_cel\b/;

/** Loads the engines that the expressions in a configuration need, which are compiled while it is read. */
export async function loadExpressionEngines(text: string): Promise<void> {
  if (patternKeys.test(text)) await loadPatternEngine();
  if (celKeys.test(text)) await loadCelEngine();
}
