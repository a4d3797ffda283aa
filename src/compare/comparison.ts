import { z } from 'zod';

import { check } from '../errors';
import { METRICS, type MetricKey } from './metrics';
import { testedPart, testedText, type TestedOn } from './tested-on';

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

const factsShape = {
  run: z.string(),
  model: z.string(),
  ...metricShape,
  // Comparisons from before they were kept have none of these.
  testData: z.string().optional(),
  testImages: z.number().optional(),
  trainImages: z.number().optional(),
};
const ratio = z.number().nullable();

/** The one form in which a comparison is kept and printed as JSON. */
export const comparisonSchema = z.object({
  /** What latency and images/s were measured on. */
  backend: z.string(),
  machine: z.record(z.string(), z.string()),
  /** What the bytes on disk are those of. */
  bytesOf: z.string(),
  /** Whether all runs were tested on the same images, without which their accuracies say nothing about each other. */
  sameTestImages: z.boolean().optional(),
  /** What has to be known of runs that are not all trained and tested alike, a sentence each. */
  notes: z.array(z.string()).optional(),
  runs: z
    .array(
      z.object({
        ...factsShape,
        /** Each value divided by that of the first run; `null` where that is 0, and for accuracies on other images. */
        ratios: z.object(
          Object.fromEntries(METRICS.map(({ key }) => [key, ratio])) as Record<MetricKey, typeof ratio>,
        ),
      }),
    )
    .min(1),
});

export type Comparison = z.infer<typeof comparisonSchema>;

/** What is known of one run. */
export interface RunFacts extends Readonly<Record<MetricKey, number>>, Partial<TestedOn> {
  /** What tells it from the others: its folder. */
  readonly run: string;
  readonly model: string;
  readonly trainImages?: number;
  /** Where the images are, if two places may have different ones of one name; not kept. */
  readonly source?: string;
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
    sameTestImages: runs.every((run) => isTestedAlike(run, first)),
    notes: notesOn(runs),
    runs: runs.map(({ source, ...facts }) => {
      const isAlike = isTestedAlike({ source, ...facts }, first);
      const ratios = METRICS.map(({ key }) => {
        const isRatio = first[key] !== 0 && (isAlike || key !== 'testAccuracy');
        return [key, isRatio ? facts[key] / first[key] : null];
      });
      return { ...facts, ratios: Object.fromEntries(ratios) as Record<MetricKey, number | null> };
    }),
  };
}

function isTestedAlike(run: RunFacts, other: RunFacts): boolean {
  const keys = ['testData', 'testImages', 'source'] as const;
  return keys.every((key) => run[key] === other[key]);
}

function notesOn(runs: readonly RunFacts[]): string[] {
  const notes: string[] = [];
  const [first] = runs;
  const each = (text: (run: RunFacts) => string): string =>
    runs.map((run) => `${run.run} on ${text(run)}`).join(', ');
  if (!runs.every((run) => isTestedAlike(run, first))) {
    const isNamedAlike = new Set(runs.map(tested)).size === 1;
    const place = (run: RunFacts): string => (isNamedAlike && run.source ? ` in ${run.source}` : '');
    const where = each((run) => `the ${tested(run)}${place(run)}`);
    notes.push(`tested on different images, so that their accuracies cannot be compared: ${where}`);
  }
  const flattered = runs.filter(({ testData = '' }) => testedPart(testData) === 'validation');
  if (flattered.length > 0) {
    const whose = flattered.map(({ run }) => run).join(', ');
    notes.push(`tested on the validation images that chose the epoch, which flatters: ${whose}`);
  }
  if (new Set(runs.map(({ trainImages }) => trainImages)).size > 1) {
    notes.push(
      `trained on different numbers of images: ${each(({ trainImages }) => (trainImages ?? 0).toLocaleString('en-US'))}`,
    );
  }
  return notes;
}

function tested({ testData = 'unknown', testImages = 0 }: RunFacts): string {
  return testedText({ testData, testImages });
}
