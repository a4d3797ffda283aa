/** What is compared of each model, in the order of the table. */
export const METRICS = [
  { key: 'trainableParameters', title: 'trainable parameters', kind: 'count' },
  { key: 'totalParameters', title: 'parameters with batch-norm statistics', kind: 'count' },
  { key: 'macs', title: 'MACs for one image', kind: 'count' },
  { key: 'testAccuracy', title: 'test accuracy', kind: 'share' },
  { key: 'trainImagesPerSecond', title: 'training images/s', kind: 'rate' },
  { key: 'latencyMs', title: 'latency at batch 1, ms', kind: 'milliseconds' },
  { key: 'imagesPerSecond', title: 'images/s at batch 64', kind: 'rate' },
  { key: 'bytes', title: 'bytes on disk, exported', kind: 'count' },
] as const;

export type MetricKey = (typeof METRICS)[number]['key'];
export type MetricKind = (typeof METRICS)[number]['kind'];

/** A value as people read it: `7,314`, `61.50 %`, `4.36`, `1,204`. */
export function formatValue(kind: MetricKind, value: number): string {
  if (kind === 'share') return `${(value * 100).toFixed(2)} %`;
  if (kind === 'count') return value.toLocaleString('en-US');
  // Three digits are as many as a measurement repeats.
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A ratio as people read it: `0.43x`. */
export function formatRatio(ratio: number): string {
  return `${ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2)}x`;
}
