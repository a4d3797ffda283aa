import { access, constants, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import type * as tf from '@tensorflow/tfjs';
import writeFileAtomic from 'write-file-atomic';
import type { z } from 'zod';

import { checkModel, checkText } from '../check-kinds';
import { makeFolder } from '../data/make-folder';
import { CardinalError, unknownChoice } from '../errors';
import { readSafetensors, writeSafetensors } from '../safetensors/file-node';
import { SafetensorsError } from '../safetensors/tensor';
import { epochMetricsSchema, decodeTrainState, encodeTrainState } from './checkpoint';
import { runConfigSchema, runResultSchema, type RunConfig, type RunResult } from './run-config';
import type { EpochMetrics, TrainState } from './train-state';
import { writeWeights } from './write-weights';

export const CHECKPOINTS = ['best', 'last'] as const;
export type CheckpointName = (typeof CHECKPOINTS)[number];

const FILES = {
  config: 'config.json',
  metrics: 'metrics.jsonl',
  result: 'result.json',
  last: 'last.safetensors',
  best: 'best.safetensors',
} as const;

/**
 * Refuses, before long work is begun, a folder that a run could not start in. Writes nothing.
 *
 * @param options.overwrite whether a run that is there already may be replaced
 * @throws CardinalError if there is a run and it is not to be overwritten, or the folder cannot be written
 */
export async function checkRunFolder(folder: string, options: { overwrite?: boolean } = {}): Promise<void> {
  const found = await runFiles(folder);
  if (found.length > 0 && options.overwrite !== true) {
    throw new CardinalError(
      `${folder} holds a run already: continue it by \`cardinal train --resume ${folder}\`, replace it with overwrite: true, or choose another folder`,
    );
  }
  await writing(folder, () => checkWritable(resolve(folder)));
}

/**
 * Starts a run folder: makes it, removes what an earlier run left if that is wanted, and writes the config.
 *
 * @throws CardinalError as {@link checkRunFolder} does
 */
export async function createRun(
  folder: string,
  config: RunConfig,
  options: { overwrite?: boolean } = {},
): Promise<void> {
  await checkRunFolder(folder, options);
  await writing(folder, () => makeFolder(folder));
  for (const file of await runFiles(folder)) await writing(folder, () => rm(join(folder, file)));
  await writeJson(folder, FILES.config, config);
}

/** What a run has in this folder, temporary files of one that was killed included. */
async function runFiles(folder: string): Promise<string[]> {
  const present = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new CardinalError(`${folder} could not be read: ${error.message}`);
  });
  const names = Object.values(FILES);
  return present.filter((file) => names.some((name) => file === name || file.startsWith(`.${name}.`)));
}

async function checkWritable(path: string): Promise<void> {
  try {
    await access(path, constants.W_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    await checkWritable(dirname(path));
  }
}

/** @throws CardinalError if the folder holds no run, or its config is damaged */
export async function readRunConfig(folder: string): Promise<RunConfig> {
  const config = await readJson(folder, FILES.config, runConfigSchema);
  if (config === undefined) throw new CardinalError(`${folder} is no run folder: it has no ${FILES.config}`);
  return config;
}

/** Writes a checkpoint, whole or not at all. */
export async function writeCheckpoint(
  folder: string,
  name: CheckpointName,
  state: TrainState,
): Promise<void> {
  const { tensors, metadata } = encodeTrainState(state);
  await writeSafetensors(join(folder, FILES[name]), tensors, metadata);
}

/**
 * Reads a checkpoint.
 *
 * @throws CardinalError if there is none; SafetensorsError naming the file if it is damaged
 *
 * @example
 * const state = await readCheckpoint('runs/toy', 'last');
 * await train(model, data, { ...recipe, resumeFrom: state });
 */
export async function readCheckpoint(folder: string, name: CheckpointName): Promise<TrainState> {
  checkFolder(folder);
  if (!CHECKPOINTS.includes(name)) throw unknownChoice('name', name, CHECKPOINTS);
  const path = join(folder, FILES[name]);
  if (!(await hasFile(folder, FILES[name]))) {
    throw new CardinalError(`${folder} has no ${FILES[name]}: the run has not come to its first checkpoint`);
  }
  const content = await readSafetensors(path);
  try {
    return decodeTrainState(content);
  } catch (error) {
    if (error instanceof SafetensorsError) throw new SafetensorsError(`${path} is damaged: ${error.message}`);
    throw error;
  }
}

/** Whether the folder has a checkpoint of this name. */
export function hasCheckpoint(folder: string, name: CheckpointName): Promise<boolean> {
  return hasFile(folder, FILES[name]);
}

/**
 * Gives a model the weights that a checkpoint is evaluated with: the moving average where the run kept one.
 *
 * @throws CardinalError naming the file if it is missing, damaged or of another model
 */
export async function loadRunWeights(
  model: tf.LayersModel,
  folder: string,
  name: CheckpointName = 'best',
): Promise<TrainState> {
  checkModel('loadRunWeights', model);
  const state = await readCheckpoint(folder, name);
  try {
    writeWeights(model, state.ema ?? state.weights);
  } catch (error) {
    throw new CardinalError(`${join(folder, FILES[name])}: ${(error as Error).message}`);
  }
  return state;
}

/** Writes one line of JSON an epoch; always all of them, so that a run that resumes leaves no line twice. */
export async function writeMetrics(folder: string, history: readonly EpochMetrics[]): Promise<void> {
  const lines = history.map((metrics) => `${JSON.stringify(metrics)}\n`);
  await writing(folder, () => writeFileAtomic(join(folder, FILES.metrics), lines.join('')));
}

/** Whether a folder is one of a run, begun or finished. */
export function isRunFolder(folder: string): Promise<boolean> {
  return hasFile(folder, FILES.config);
}

/**
 * What each epoch of a run came to, as {@link writeMetrics} wrote it.
 *
 * @throws CardinalError if the file is missing or damaged
 */
export async function readMetrics(folder: string): Promise<EpochMetrics[]> {
  const path = join(folder, FILES.metrics);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CardinalError(error.code === 'ENOENT' ? `${path} is missing` : `${path}: ${error.message}`);
  });
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line, i) => parseJson(line, epochMetricsSchema, `${path}, line ${i + 1}`));
}

export async function writeResult(folder: string, result: RunResult): Promise<void> {
  await writeJson(folder, FILES.result, result);
}

/** The result of a run, or `undefined` while it is not over. */
export function readResult(folder: string): Promise<RunResult | undefined> {
  return readJson(folder, FILES.result, runResultSchema);
}

function checkFolder(folder: unknown): void {
  checkText('folder', 'the path of a run folder', folder);
}

async function writeJson(folder: string, file: string, value: unknown): Promise<void> {
  await writing(folder, () => writeFileAtomic(join(folder, file), `${JSON.stringify(value, null, 2)}\n`));
}

async function readJson<T>(folder: string, file: string, schema: z.ZodType<T>): Promise<T | undefined> {
  checkFolder(folder);
  const path = join(folder, file);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new CardinalError(`${path} could not be read: ${error.message}`);
  });
  return text === undefined ? undefined : parseJson(text, schema, path);
}

function parseJson<T>(text: string, schema: z.ZodType<T>, place: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const issue = (error as z.ZodError).issues?.[0];
    const where = issue === undefined ? 'it is not valid JSON' : `${issue.path.join('.')}: ${issue.message}`;
    throw new CardinalError(`${place} is damaged: ${where}`);
  }
}

async function hasFile(folder: string, file: string): Promise<boolean> {
  const present = await readdir(folder).catch(() => [] as string[]);
  return present.includes(file);
}

async function writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new CardinalError(`${folder} could not be written: ${(error as Error).message}`);
  }
}
