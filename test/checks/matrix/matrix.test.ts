import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkNotes } from '../../../scripts/check-notes.ts';
import { checkTypeNames, type CheckTypeName } from '../../../src/model/check.ts';
import { rows, runMatrix, type Cell, type Row, type TypeRows } from './case.ts';
import { databaseRows } from './databases.ts';
import { fileRows } from './files.ts';
import { hostRows } from './host.ts';
import { innerRows } from './inner.ts';
import { instanceRows } from './instances.ts';
import { kernelRows } from './kernel.ts';
import { nearRows } from './near.ts';
import { networkRows } from './network.ts';
import { programRows } from './programs.ts';
import { proxyRows } from './proxies.ts';
import { serviceRows } from './services.ts';

runMatrix(innerRows);

/** Every check type with what it stands. Forgetting one does not compile. */
const matrix: Readonly<Record<CheckTypeName, TypeRows>> = {
  ...networkRows,
  ...nearRows,
  ...kernelRows,
  ...hostRows,
  ...fileRows,
  ...programRows,
  ...databaseRows,
  ...proxyRows,
  ...serviceRows,
  ...instanceRows,
  ...innerRows,
};

const cells = checkTypeNames.flatMap((type) =>
  Object.keys(rows).map((row) => [type, row as Row, matrix[type]?.[row as Row]] as const),
);

/** Whether a cell holds something: a case, a test elsewhere that is there, or a reason of some words. */
function isFilled(cell: Cell | undefined): boolean {
  if (cell === undefined) return false;
  if (typeof cell === 'string') return cell.split(' ').length > 5;
  if (!('file' in cell)) return cell.length > 0;
  const text = readFileSync(join(import.meta.dirname, '../../..', cell.file), 'utf8');
  return [...text.matchAll(/^\s*test.*$/gm)].some(([line]) => line.includes(cell.name));
}

describe('every check type', () => {
  test('has something to say to every row of the matrix', () => {
    const empty = cells.filter(([, , cell]) => !isFilled(cell));
    expect(empty.map(([type, row]) => `${type}: ${rows[row]}`)).toEqual([]);
  });

  test('tells of the rights it needs where there is something that it may not be allowed', () => {
    const silent = cells
      .filter(
        ([type, row, cell]) =>
          row === 'forbidden' && typeof cell !== 'string' && checkNotes[type]?.rights === 'none',
      )
      .map(([type]) => type);
    expect(silent).toEqual([]);
    const needless = cells
      .filter(
        ([type, row, cell]) =>
          row === 'forbidden' && typeof cell === 'string' && checkNotes[type]?.rights !== 'none',
      )
      .map(([type]) => type);
    expect(needless).toEqual([]);
  });
});
