import { accuracyName } from './tested-on';
import type { Comparison } from './comparison';
import { formatRatio, formatValue, METRICS } from './metrics';

/** A comparison as text in rows and columns, for any kind of table. */
export interface Cells {
  /** The corner, then what each column is called. */
  readonly head: readonly string[];
  /** A metric's title, then its value for each run; those after the first with their ratio, if it has one. */
  readonly rows: readonly (readonly string[])[];
}

/** @returns one row for each metric, one column for each run */
export function cells({ runs }: Comparison): Cells {
  return {
    head: ['', ...columnNames(runs)],
    rows: METRICS.map(({ key, title, kind }) => [
      key === 'testAccuracy' ? accuracyName(runs.map(({ testData = '' }) => testData)) : title,
      ...runs.map((run, column) => {
        const ratio = run.ratios[key];
        const shown = formatValue(kind, run[key]);
        return column === 0 || ratio === null ? shown : `${shown} (${formatRatio(ratio)})`;
      }),
    ]),
  };
}

/** What the measured rows hold for, in one line. */
export function settingLine({ backend, machine, bytesOf }: Comparison): string {
  const parts = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  const first = 'ratios are to the first column';
  return [first, `measured on ${backend}`, ...parts, `bytes of ${bytesOf}`].join('; ');
}

/** Models' names where they tell the runs apart, else the runs' folders. */
function columnNames(runs: Comparison['runs']): string[] {
  const models = runs.map(({ model }) => model);
  return new Set(models).size === models.length ? models : runs.map(({ run }) => run);
}
