import type { Status } from '../model/result.ts';
import type { CommandContext } from './command.ts';

export type Paint = (text: string, as: Status | 'dim' | 'bold') => string;

const codes: Record<Status | 'dim' | 'bold', string> = {
  ok: '32',
  warning: '33',
  critical: '31',
  unknown: '35',
  dim: '2',
  bold: '1',
};

/** Colours text on a terminal; leaves it alone in a pipe and under `NO_COLOR`. */
export function painter({ stdout, environment }: CommandContext): Paint {
  const plain = stdout.isTTY !== true || (environment['NO_COLOR'] ?? '') !== '';
  return plain ? (text) => text : (text, as) => `\u001b[${codes[as]}m${text}\u001b[0m`;
}

/** Columns as wide as their widest cell; the last one is free. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    }
  }
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
