import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { CardinalError } from '../../src/errors';
import type { RunConfig, RunResult } from '../../src/train/run-config';
import { readResult, readRunConfig } from '../../src/train/run-folder-node';
import type { EpochMetrics } from '../../src/train/train-state';

/** A finished run, as its folder has it. */
export interface FinishedRun {
  readonly folder: string;
  readonly config: RunConfig;
  readonly result: RunResult;
  /** One entry for each epoch. */
  readonly history: readonly EpochMetrics[];
}

/**
 * Reads a finished run, weights left out.
 *
 * @throws CardinalError naming the file that is missing or damaged
 */
export async function readFinishedRun(folder: string): Promise<FinishedRun> {
  const config = await readRunConfig(folder);
  const result = await readResult(folder);
  if (result === undefined) throw new CardinalError(`${folder} is not finished: it has no result.json yet`);
  return { folder, config, result, history: await readHistory(join(folder, 'metrics.jsonl')) };
}

const epochSchema = z.object({
  epoch: z.number().int().positive(),
  step: z.number().int().positive(),
  learningRate: z.number(),
  trainLoss: z.number(),
  trainAccuracy: z.number(),
  validationLoss: z.number().optional(),
  validationAccuracy: z.number().optional(),
  imagesPerSecond: z.number(),
  seconds: z.number(),
});

async function readHistory(path: string): Promise<EpochMetrics[]> {
  try {
    const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
    return lines.map((line) => epochSchema.parse(JSON.parse(line)));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new CardinalError(missing ? `${path} is missing` : `${path} is damaged: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
  return issue === undefined ? (error as Error).message : `${issue.path.join('.')}: ${issue.message}`;
}
