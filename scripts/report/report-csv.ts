import { stringify } from 'csv-stringify/sync';

import { COLUMNS } from './columns';
import type { Report } from './report';

/** The comparison as CSV (RFC 4180): a line for each group, unrounded; what was not measured is empty. */
export function reportCsv({ groups }: Report): string {
  const own = ['test_accuracy_deviation', 'total_parameters'];
  const head = ['label', 'model', 'seeds', ...COLUMNS.map(({ name }) => name), ...own];
  const lines = groups.map((group) => [
    group.label,
    group.model,
    group.runs.map(({ seed }) => seed).join(' '),
    ...COLUMNS.map(({ value }) => value(group)),
    group.accuracyDeviation,
    group.totalParameters,
  ]);
  // A spreadsheet would run a label that starts like a formula.
  return stringify([head, ...lines], { escape_formulas: true });
}
