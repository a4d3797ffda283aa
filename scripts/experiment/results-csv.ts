import { stringify } from 'csv-stringify/sync';

import type { ExperimentResults } from './results-schema';

const COLUMNS = [
  'run',
  'label',
  'model',
  'groups',
  'width',
  'recipe',
  'seed',
  'testAccuracy',
  'bestEpoch',
  'trainableParameters',
  'macs',
  'trainImages',
  'epochs',
  'trainSeconds',
  'trainImagesPerSecond',
  'backend',
];

/** The runs of an experiment as CSV (RFC 4180), a line each. */
export function resultsCsv({ runs }: Pick<ExperimentResults, 'runs'>): string {
  // A spreadsheet would run a label that starts like a formula.
  return stringify([...runs], { header: true, columns: COLUMNS, escape_formulas: true });
}
