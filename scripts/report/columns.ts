import { accuracyName } from '../../src/compare/tested-on';
import { formatValue } from '../../src/compare/metrics';
import { accuracy } from './headline';
import type { ReportGroup } from './report';

/** A column of the table that compares groups. */
export interface Column {
  /** In `FILE.csv`. */
  readonly name: string;
  readonly title: string;
  /** `null` where it was not measured. */
  readonly value: (group: ReportGroup) => number | null;
  readonly shown: (group: ReportGroup) => string;
}

const count = (value: number): string => value.toLocaleString('en-US');
const orNone = (value: number | undefined, format: (value: number) => string): string =>
  value === undefined ? 'not measured' : format(value);

/** What groups are compared by, in the order of the table. */
export const COLUMNS: readonly Column[] = [
  {
    name: 'runs',
    title: 'runs',
    value: ({ runs }) => runs.length,
    shown: ({ runs }) => String(runs.length),
  },
  {
    name: 'test_accuracy',
    title: 'test accuracy',
    value: ({ meanAccuracy }) => meanAccuracy,
    shown: accuracy,
  },
  {
    name: 'trainable_parameters',
    title: 'trainable parameters',
    value: ({ trainableParameters }) => trainableParameters,
    shown: ({ trainableParameters }) => count(trainableParameters),
  },
  {
    name: 'macs',
    title: 'MACs an image',
    value: ({ macs }) => macs,
    shown: ({ macs }) => count(macs),
  },
  {
    name: 'train_images_per_second',
    title: 'training images/s',
    value: ({ trainImagesPerSecond }) => trainImagesPerSecond,
    shown: ({ trainImagesPerSecond }) => formatValue('rate', trainImagesPerSecond),
  },
  {
    name: 'train_seconds',
    title: 'training, seconds',
    value: ({ trainSeconds }) => trainSeconds,
    shown: ({ trainSeconds }) => formatValue('rate', trainSeconds),
  },
  {
    name: 'latency_ms',
    title: 'latency, ms',
    value: ({ measured }) => measured?.latencyMs ?? null,
    shown: ({ measured }) => orNone(measured?.latencyMs, (value) => formatValue('milliseconds', value)),
  },
  {
    name: 'images_per_second',
    title: 'images/s, batch 64',
    value: ({ measured }) => measured?.imagesPerSecond ?? null,
    shown: ({ measured }) => orNone(measured?.imagesPerSecond, (value) => formatValue('rate', value)),
  },
  {
    name: 'bytes',
    title: 'bytes on disk',
    value: ({ measured }) => measured?.bytes ?? null,
    shown: ({ measured }) => orNone(measured?.bytes, count),
  },
];

/** The columns that have a value: without a measurement, those of speed have none. */
export function columnsOf(groups: readonly ReportGroup[]): Column[] {
  const title = accuracyName(groups.map(({ testData }) => testData));
  return COLUMNS.filter(({ value }) => groups.some((group) => value(group) !== null)).map((column) =>
    column.name === 'test_accuracy' ? { ...column, title } : column,
  );
}
