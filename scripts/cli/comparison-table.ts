import { cells, settingLine } from '../../src/compare/cells';
import type { Comparison } from '../../src/compare/comparison';
import { colors } from './output';
import { plainTable } from './plain-table';

/** A comparison for the terminal: a column for each run. */
export function comparisonTable(comparison: Comparison): string {
  const { head, rows } = cells(comparison);
  const table = plainTable(
    head,
    head.map((_, column) => column).filter((column) => column > 0),
  );
  for (const row of rows) table.push([...row]);
  return `${table.toString()}\n\n${colors.dim(settingLine(comparison))}`;
}
