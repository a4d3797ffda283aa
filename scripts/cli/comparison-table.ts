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
  const notes = (comparison.notes ?? []).map((text) => `${colors.yellow('note:')} ${text}\n\n`);
  return `${table.toString()}\n\n${notes.join('')}${colors.dim(settingLine(comparison))}`;
}
