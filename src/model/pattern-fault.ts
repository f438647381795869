/** What is wrong with a regular expression, of the error that compiling it threw, without the pattern. */
export function patternFault(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.slice(message.lastIndexOf(': ') + 1).trim();
}
