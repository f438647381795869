import type { Problem } from '../model/config.ts';
import type { Place } from './tree.ts';

/** A problem at a place. The message must not hold a secret. */
export function problemAt(place: Place, message: string): Problem {
  return { ...place, message };
}

/** One line for people and editors: `file:line:column: path: message`. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, path, message } = problem;
  const position = [file, line, column].filter((part) => part !== undefined).join(':');
  return [position, path, message].filter((part) => part !== '').join(': ');
}

/** In reading order: the main file first, then by line and column. Says nothing twice. */
export function inReadingOrder(
  problems: readonly Problem[],
  files: readonly string[],
): readonly Problem[] {
  const rank = ({ file }: Problem): number => {
    const index = files.indexOf(file);
    return index === -1 ? files.length : index;
  };
  const distinct = new Map(problems.map((problem) => [formatProblem(problem), problem]));
  return [...distinct.values()].toSorted(
    (a, b) =>
      rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}
