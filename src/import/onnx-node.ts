import { basename, dirname } from 'node:path';

import type * as tf from '@tensorflow/tfjs';

import { checkText } from '../check-kinds';
import { checkOptions, type OptionNames } from '../check-options';
import { checksumsBeside, verifyChecksums } from '../files/checksums';
import { followLinks } from '../files/follow-links';
import { inFolder } from '../files/in-folder';
import { readFile } from '../files/read-file';
import { settleToRead } from '../files/replace';
import type { OnnxModel } from '../export/onnx-messages';
import { OnnxError } from './onnx-error';
import { externalLocations } from './onnx-external';
import { OpenFile } from './onnx-external-node';
import { parseOnnx } from './onnx-file';
import { importOnnxModel, type ImportOnnxOptions } from './onnx';
import { verifyOnnxImport, type OnnxVerification } from './verify-onnx-node';

/** What {@link importOnnxFile} can be told. */
export interface ImportOnnxFileOptions extends Omit<ImportOnnxOptions, 'externalData'> {
  /**
   * `false` does not run the file in ONNX Runtime; by default that is done where the package `onnxruntime-node` is installed, and
   * an import that computes something else is refused.
   */
  readonly verify?: boolean;
  /** Told what running the file came to. */
  readonly onVerified?: (verification: OnnxVerification) => void;
}

const OPTIONS: OptionNames<ImportOnnxFileOptions> = { inputSize: true, verify: true, onVerified: true };

const NOT_ASKED_FOR: OnnxVerification = { unverified: 'it was not asked for' };

/**
 * An ONNX file as a `tf.LayersModel`, see {@link importOnnx}; tensors in files beside it are read too, from its own folder and
 * the folders in that only. Where `onnxruntime-node` is installed, the file is run there and the import in tfjs on the same
 * noise images, and one that differs is refused.
 *
 * @throws OnnxError as {@link importOnnx}; for a file that is missing or cannot be read, and for one that the model names outside
 *   of its folder; for an import that computes otherwise than ONNX Runtime
 *
 * @example
 * const model = await importOnnxFile('resnext50_32x4d.onnx');
 * await saveLayersModel(model, 'resnext50_32x4d');
 */
export async function importOnnxFile(
  path: string,
  options: ImportOnnxFileOptions = {},
): Promise<tf.LayersModel> {
  checkText('path', 'the path of an ONNX file', path);
  checkOptions('importOnnxFile', options, OPTIONS);
  const { verify = true, onVerified, ...others } = options;
  await refusedAsOnnx(settleToRead(path));
  const bytes = await refusedAsOnnx(readFile(path));
  // Before anything in it is believed, the names of other files above all.
  const real = await followLinks(path);
  await refusedAsOnnx(verifyChecksums(checksumsBeside(real), [basename(real)]));
  const model = parsed(path, bytes);
  const externalData = new Map<string, OpenFile>();
  let imported: tf.LayersModel;
  try {
    for (const location of externalLocations(model)) {
      externalData.set(location, new OpenFile(await externalPath(path, location)));
    }
    await refusedAsOnnx(verifyChecksums(checksumsBeside(real), [...externalData.keys()]));
    imported = importOnnxModel(model, { ...others, externalData });
  } finally {
    for (const file of externalData.values()) file.close();
  }
  try {
    const verification = verify ? await verifyOnnxImport(imported, path, model) : NOT_ASKED_FOR;
    onVerified?.(verification);
    return imported;
  } catch (error) {
    imported.dispose();
    throw error;
  }
}

function parsed(path: string, bytes: Uint8Array): OnnxModel {
  try {
    return parseOnnx(bytes);
  } catch (error) {
    throw error instanceof OnnxError ? new OnnxError(`${path}: ${error.message}`, { cause: error }) : error;
  }
}

/** See {@link inFolder}. */
async function externalPath(model: string, location: string): Promise<string> {
  const path = await inFolder(model, dirname(model), location);
  if (path !== undefined) return path;
  throw new OnnxError(`${model} names '${location}', which is not in its folder.`);
}

async function refusedAsOnnx<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new OnnxError(`${(error as Error).message}.`, { cause: error });
  }
}
