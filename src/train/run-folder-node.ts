import { access, constants, readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import type * as tf from '@tensorflow/tfjs';
import type { z } from 'zod';

import { checkModel, checkText } from '../check-kinds';
import { CardinalError, InvalidArgumentError, unknownChoice } from '../errors';
import { CHECKSUMS } from '../files/checksums';
import { FileSet, type SetChange } from '../files/file-set';
import { checkLock } from '../files/folder-lock';
import { makeFolder } from '../files/make-folder';
import { isTemporaryName } from '../files/temporary';
import type { FileContent } from '../files/write-whole';
import { writing } from '../files/writing';
import { readSafetensorsUnchecked } from '../safetensors/file-node';
import { safetensorsPieces } from '../safetensors/serialise';
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

type FileName = (typeof FILES)[keyof typeof FILES];

/**
 * Refuses, before long work is begun, a folder that a run could not start in. Writes nothing.
 *
 * @param options.overwrite whether a run that is there already may be replaced
 * @throws CardinalError if another process works in it, if there is a run and it is not to be overwritten, or if the folder cannot
 *   be written
 */
export async function checkRunFolder(folder: string, options: { overwrite?: boolean } = {}): Promise<void> {
  await checkLock(folder);
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
  await change(folder, {
    write: new Map([[FILES.config, jsonText(config)]]),
    remove: (await runFiles(folder)).filter((file) => file !== FILES.config && file !== CHECKSUMS),
  });
}

/** What a run has in this folder, what an older version left of one that was killed included. */
async function runFiles(folder: string): Promise<string[]> {
  const present = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new CardinalError(`${folder} could not be read: ${error.message}`);
  });
  const names = [...Object.values(FILES), CHECKSUMS];
  return present.filter(
    (file) =>
      !isTemporaryName(file, join(folder, CHECKSUMS)) &&
      names.some((name) => file === name || file.startsWith(`.${name}.`)),
  );
}

async function checkWritable(path: string): Promise<void> {
  try {
    await access(path, constants.W_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    await checkWritable(dirname(path));
  }
}

/** @throws InvalidArgumentError if the folder holds no run; CardinalError if its config is damaged */
export async function readRunConfig(folder: string): Promise<RunConfig> {
  const config = await readJson(folder, FILES.config, runConfigSchema);
  if (config === undefined) {
    throw new InvalidArgumentError(`${folder} is no run folder: it has no ${FILES.config}`);
  }
  return config;
}

/** Writes a checkpoint, whole or not at all. */
export async function writeCheckpoint(
  folder: string,
  name: CheckpointName,
  state: TrainState,
): Promise<void> {
  await change(folder, { write: new Map([[FILES[name], checkpointBytes(state)]]) });
}

/**
 * Writes how far a run has come, all of it or nothing: the last checkpoint, the best one where this is it, and one line of JSON
 * an epoch; always all lines, so that a run that resumes leaves none twice.
 */
export async function writeProgress(
  folder: string,
  state: TrainState,
  { isBest }: { isBest: boolean },
): Promise<void> {
  const write = new Map<FileName, FileContent>([
    ...(isBest ? [[FILES.best, checkpointBytes(state)] as const] : []),
    [FILES.last, checkpointBytes(state)],
    [FILES.metrics, metricsText(state.progress.history)],
  ]);
  await change(folder, { write });
}

function checkpointBytes(state: TrainState): Iterable<Uint8Array> {
  const { tensors, metadata } = encodeTrainState(state);
  return safetensorsPieces(tensors, metadata);
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
  return fileSet(folder).read(FILES[name], async () => {
    const content = await readSafetensorsUnchecked(path);
    try {
      return decodeTrainState(content);
    } catch (error) {
      if (error instanceof SafetensorsError)
        throw new SafetensorsError(`${path} is damaged: ${error.message}`);
      throw error;
    }
  });
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

/** Whether what each epoch came to is missing although the last checkpoint tells it, as a killed run of an older version left it. */
export async function lacksMetrics(folder: string): Promise<boolean> {
  return !(await hasFile(folder, FILES.metrics)) && (await hasFile(folder, FILES.last));
}

/** Writes one line of JSON an epoch, in place of all that there are. */
export async function writeMetrics(folder: string, history: readonly EpochMetrics[]): Promise<void> {
  await change(folder, { write: new Map([[FILES.metrics, metricsText(history)]]) });
}

function metricsText(history: readonly EpochMetrics[]): string {
  return history.map((metrics) => `${JSON.stringify(metrics)}\n`).join('');
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
  return fileSet(folder).read(FILES.metrics, async (path) => {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new CardinalError(error.code === 'ENOENT' ? `${path} is missing` : `${path}: ${error.message}`);
    });
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line, i) => parseJson(line, epochMetricsSchema, `${path}, line ${i + 1}`));
  });
}

export async function writeResult(folder: string, result: RunResult): Promise<void> {
  await change(folder, { write: new Map([[FILES.result, jsonText(result)]]) });
}

/** The result of a run, or `undefined` while it is not over. */
export function readResult(folder: string): Promise<RunResult | undefined> {
  return readJson(folder, FILES.result, runResultSchema);
}

function checkFolder(folder: unknown): void {
  checkText('folder', 'the path of a run folder', folder);
}

function fileSet(folder: string): FileSet {
  return new FileSet(folder, Object.values(FILES));
}

async function change(folder: string, change: SetChange): Promise<void> {
  await writing(folder, () => fileSet(folder).change(change));
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

async function readJson<T>(folder: string, file: FileName, schema: z.ZodType<T>): Promise<T | undefined> {
  checkFolder(folder);
  if (!(await hasFile(folder, file))) return undefined;
  return fileSet(folder).read(file, async (path) => {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new CardinalError(`${path} could not be read: ${error.message}`);
    });
    return parseJson(text, schema, path);
  });
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

async function hasFile(folder: string, file: FileName): Promise<boolean> {
  return (await fileSet(folder).names()).includes(file);
}
