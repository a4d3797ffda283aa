import { z } from 'zod';

import { check } from '../errors';
import { METRICS, type MetricKey } from './metrics';

const metric = z.number().nonnegative();
const metricShape = {
  trainableParameters: metric,
  totalParameters: metric,
  macs: metric,
  testAccuracy: metric,
  trainImagesPerSecond: metric,
  latencyMs: metric,
  imagesPerSecond: metric,
  bytes: metric,
} satisfies Record<MetricKey, z.ZodType>;

const factsShape = { run: z.string(), model: z.string(), ...metricShape };
const ratio = z.number().nullable();

/** The one form in which a comparison is kept and printed as JSON. */
export const comparisonSchema = z.object({
  /** What latency and images/s were measured on. */
  backend: z.string(),
  machine: z.record(z.string(), z.string()),
  /** What the bytes on disk are those of. */
  bytesOf: z.string(),
  runs: z
    .array(
      z.object({
        ...factsShape,
        /** Each value divided by that of the first run; `null` where that is 0. */
        ratios: z.object(
          Object.fromEntries(METRICS.map(({ key }) => [key, ratio])) as Record<MetricKey, typeof ratio>,
        ),
      }),
    )
    .min(1),
});

export type Comparison = z.infer<typeof comparisonSchema>;

/** What is known of one run. */
export interface RunFacts extends Readonly<Record<MetricKey, number>> {
  /** What tells it from the others: its folder. */
  readonly run: string;
  readonly model: string;
}

/**
 * Sets runs side by side, each value with its ratio to the first run's.
 *
 * @param setting what the measured values hold for
 * @throws InvalidArgumentError without any run
 *
 * @example
 * const { runs } = compareRuns([dense, grouped], { backend: 'tensorflow', machine: {}, bytesOf: 'model.json and weights.bin' });
 * runs[1].ratios.macs; // 0.43
 */
export function compareRuns(
  runs: readonly RunFacts[],
  setting: Pick<Comparison, 'backend' | 'machine' | 'bytesOf'>,
): Comparison {
  check(runs.length > 0, 'runs', 'at least one run', runs.length);
  const [first] = runs;
  return {
    ...setting,
    runs: runs.map((facts) => {
      const ratios = METRICS.map(({ key }) => [key, first[key] === 0 ? null : facts[key] / first[key]]);
      return { ...facts, ratios: Object.fromEntries(ratios) as Record<MetricKey, number | null> };
    }),
  };
}
