import { z } from 'zod';

import type { RunGroup } from '../../src/compare/run-groups';
import { definitionSchema } from './definition';

const number = z.number();
const chosen = { groups: number.nullable(), width: number.nullable(), recipe: z.string().nullable() };

const runSchema = z.object({
  /** Its folder, within that of the experiment. */
  run: z.string(),
  label: z.string(),
  model: z.string(),
  ...chosen,
  seed: number,
  testAccuracy: number,
  /** The epoch that was tested, the best by validation accuracy. */
  bestEpoch: number,
  trainableParameters: number,
  macs: number,
  trainImages: number,
  epochs: number,
  trainSeconds: number,
  trainImagesPerSecond: number,
  backend: z.string(),
});

const groupSchema = z.object({
  label: z.string(),
  model: z.string(),
  ...chosen,
  seeds: z.array(number),
  /** From 0 to 1. */
  meanAccuracy: number,
  /** Sample standard deviation; `null` for a single run. */
  accuracyDeviation: number.nullable(),
  trainableParameters: number,
  macs: number,
  trainImages: number,
  epochs: number,
  /** Medians over the runs. */
  trainSeconds: number,
  trainImagesPerSecond: number,
});

/** The one form in which an experiment's results are kept. */
export const experimentResultsSchema = z.object({
  name: z.string(),
  title: z.string(),
  question: z.string().nullable(),
  /** What the numbers say, in a few sentences. */
  headline: z.string(),
  date: z.string(),
  machine: z.record(z.string(), z.string()),
  commit: z.object({ version: z.string(), hash: z.string().nullable(), isDirty: z.boolean() }),
  planned: number,
  finished: number,
  /** Of all calls that trained a part of it, everything included; `null` where one of them is not known. */
  wallSeconds: number.nullable(),
  definition: definitionSchema,
  runs: z.array(runSchema),
  groups: z.array(groupSchema),
});

export type ExperimentResults = z.infer<typeof experimentResultsSchema>;
export type ResultGroup = ExperimentResults['groups'][number];
export type ResultRun = ExperimentResults['runs'][number];

/** Runs of one label, before they are written down. */
export type GroupOfRuns = RunGroup<ResultRun>;
