import { randomUUID } from 'node:crypto';
import { access, constants, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { makeFolder } from '../data/make-folder';
import { CardinalError } from '../errors';
import {
  LAYERS_MODEL_FILES,
  layersModelFiles,
  type LayersModelFiles,
  type LayersModelOptions,
} from './layers-model';
import { loadLayersModel } from './load-layers-model-node';
import { samePredictions } from './same-predictions';

const PROBE = { count: 8, seed: 1 };

export interface SaveOptions extends LayersModelOptions {
  /** Whether an export that is there already is replaced. Other folders never are. */
  readonly overwrite?: boolean;
}

/** What {@link saveLayersModel} wrote and made sure of. */
export interface SavedLayersModel {
  readonly folder: string;
  /** Bytes of each file. */
  readonly files: Readonly<Record<string, number>>;
  /** Bytes of all of them. */
  readonly bytes: number;
  /** The folder was read back, and gave the same bits for so many seeded images on this backend. */
  readonly verified: { readonly images: number; readonly backend: string };
}

/**
 * Refuses, before long work is begun, a folder that an export could not be written to. Writes nothing.
 *
 * @throws CardinalError if the folder is there and is not to be overwritten, or is something else than an export, or
 *   cannot be written
 */
export async function checkExportFolder(
  folder: string,
  { overwrite = false }: Pick<SaveOptions, 'overwrite'> = {},
): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found !== undefined && !found.isDirectory())
    throw new CardinalError(`${folder} is a file, not a folder`);
  if (found !== undefined && !overwrite) {
    throw new CardinalError(
      `${folder} is there already: replace it with --overwrite, or choose another folder`,
    );
  }
  if (found !== undefined) await checkReplaceable(folder);
  await writing(folder, () => checkWritable(dirname(resolve(folder))));
}

/** Only what an export consists of may be replaced by one: `--overwrite` must not cost a person other files. */
async function checkReplaceable(folder: string): Promise<void> {
  const present = await writing(folder, () => readdir(folder));
  const other = present.find((file) => file !== LAYERS_MODEL_FILES.model && !file.endsWith('.bin'));
  if (other === undefined) return;
  throw new CardinalError(
    `${folder} holds more than an export (${other}), so it is not overwritten: choose another`,
  );
}

async function checkWritable(path: string): Promise<void> {
  try {
    if (!(await stat(path)).isDirectory()) throw new Error(`${path} is a file, not a folder`);
    await access(path, constants.W_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    await checkWritable(dirname(path));
  }
}

/**
 * Writes a model as a tfjs LayersModel folder, `model.json` and `weights.bin`, whole or not at all.
 *
 * The folder is written under a temporary name beside the target and read back; only when the copy predicts the same
 * bits for a batch of seeded images is it moved into place.
 *
 * @throws CardinalError as {@link checkExportFolder} does, or if the copy predicts otherwise than the model
 *
 * @example
 * const { bytes } = await saveLayersModel(model, 'exports/resnext_toy', { overwrite: true });
 * const copy = await tf.loadLayersModel('file://exports/resnext_toy/model.json'); // tfjs-node
 */
export async function saveLayersModel(
  model: tf.LayersModel,
  folder: string,
  options: SaveOptions = {},
): Promise<SavedLayersModel> {
  await checkExportFolder(folder, options);
  const target = await realpath(folder).catch(() => resolve(folder));
  const content = await layersModelFiles(model, options);
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID().slice(0, 8)}`);
  try {
    const files = await writing(folder, () => writeFiles(temporary, content));
    await verify(model, temporary, folder);
    await writing(folder, () => moveInto(target, temporary, options.overwrite === true));
    const bytes = Object.values(files).reduce((sum, size) => sum + size, 0);
    return { folder, files, bytes, verified: { images: PROBE.count, backend: tf.getBackend() } };
  } finally {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function writeFiles(folder: string, content: LayersModelFiles): Promise<Record<string, number>> {
  await makeFolder(folder);
  const files: Record<string, number> = {};
  for (const part of ['model', 'weights'] as const) {
    const name = LAYERS_MODEL_FILES[part];
    const file = await open(join(folder, name), 'wx');
    try {
      await file.writeFile(content[part]);
      await file.sync();
      files[name] = (await file.stat()).size;
    } finally {
      await file.close();
    }
  }
  return files;
}

async function verify(model: tf.LayersModel, written: string, folder: string): Promise<void> {
  const copy = await loadLayersModel(written);
  try {
    if (await samePredictions(model, copy, PROBE)) return;
  } finally {
    copy.dispose();
  }
  throw new CardinalError(
    `${folder} was not written: the exported model predicts otherwise than ${model.name} does`,
  );
}

/** Renames a folder to its place; what was there goes only after the new one is in. */
async function moveInto(target: string, temporary: string, overwrite: boolean): Promise<void> {
  const old = `${temporary}.old`;
  // Without leave to overwrite, a folder that appeared meanwhile makes the rename below fail, as it should.
  const replaced = overwrite && (await moveAside(target, old));
  try {
    await rename(temporary, target);
  } catch (error) {
    if (replaced) await rename(old, target);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

async function moveAside(target: string, old: string): Promise<boolean> {
  try {
    await rename(target, old);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new CardinalError(`${folder} could not be written: ${(error as Error).message}`);
  }
}
