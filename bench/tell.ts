/** Says on standard error what the bench is doing. */
export function tell(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}
