import { CardinalError } from '../src/errors';
import type { RunConfig, RunResult } from '../src/train/run-config';
import { readMetrics, readResult, readRunConfig } from '../src/train/run-folder-node';
import type { EpochMetrics } from '../src/train/train-state';

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
 * @throws CardinalError naming the folder that holds no run or one that is not tested yet, or the file that is damaged
 */
export async function readFinishedRun(folder: string): Promise<FinishedRun> {
  const config = await readRunConfig(folder);
  const result = await readResult(folder);
  if (result !== undefined) return { folder, config, result, history: await readMetrics(folder) };
  throw new CardinalError(
    `${folder} is not finished: it has no result.json yet; \`cardinal train --resume ${folder}\` goes on with it`,
  );
}
