import { loadPatternEngine } from './pattern.ts';

/** Keys whose values are regular expressions. */
const patternKeys = /regexp|expect/;

/** Loads the engines that the expressions in a configuration need, which are compiled while it is read. */
export async function loadExpressionEngines(text: string): Promise<void> {
  if (patternKeys.test(text)) await loadPatternEngine();
}
