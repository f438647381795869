/** A table in Markdown, a line each; the first row is its head. */
export function table([head = [], ...body]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)];
}

/** A measured value with three digits that count. */
export function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** What the figures depend on, as a table. */
export function factTable(facts: readonly (readonly [name: string, value: string])[]): string[] {
  return table([['fact', 'value'], ...facts]);
}
