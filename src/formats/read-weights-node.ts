import { stat } from 'node:fs/promises';

import { CardinalError } from '../errors';
import { inFolder } from '../files/in-folder';
import { readFile } from '../files/read-file';
import { bytesWithTexts, storedBytes, type WeightGroup } from './weights-manifest';

export interface ReadWeightsOptions {
  /** The folder of the weight files. */
  readonly folder: string;
  /** Told how much of the files has been read, up to 1. */
  readonly onProgress?: (fraction: number) => void;
}

/**
 * The bytes of the weights that a `model.json` tells of: of regular files in their folder, which have exactly the bytes that
 * it says. Files are measured before they are read.
 *
 * @param model the path of that `model.json`
 * @throws CardinalError naming the file that is missing, elsewhere, of another kind or of another length
 */
export async function readWeights(
  model: string,
  groups: readonly WeightGroup[],
  { folder, onProgress }: ReadWeightsOptions,
): Promise<ArrayBuffer> {
  const files = await Promise.all(
    groups.map(({ paths }) => Promise.all(paths.map((name) => weightFile(model, folder, name)))),
  );
  for (const [i, { weights }] of groups.entries()) {
    const expected = storedBytes(weights);
    if (expected !== undefined) checkLength(model, files[i], expected, await measured(files[i]));
  }
  const count = files.flat().length;
  const data: ArrayBuffer[] = [];
  let read = 0;
  for (const [i, { weights }] of groups.entries()) {
    const chunks: Buffer[] = [];
    for (const path of files[i]) {
      chunks.push(await readFile(path));
      onProgress?.(++read / count);
    }
    data.push(joined(chunks));
    checkLength(model, files[i], bytesWithTexts(weights, data[i]), data[i].byteLength);
  }
  return data.length === 1 ? data[0] : joined(data.map((each) => Buffer.from(each)));
}

async function weightFile(model: string, folder: string, name: string): Promise<string> {
  const path = await inFolder(model, folder, name);
  if (path !== undefined) return path;
  throw new CardinalError(`${model} is damaged: it names ${JSON.stringify(name)} as a file in its folder`);
}

/** What is there of files; what is not, or is no file, is for reading them to say. */
async function measured(paths: readonly string[]): Promise<number | undefined> {
  const found = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
  if (found.some((each) => each?.isFile() !== true)) return undefined;
  return found.reduce((sum, each) => sum + (each?.size ?? 0), 0);
}

function checkLength(
  model: string,
  paths: readonly string[],
  expected: number,
  received: number | undefined,
): void {
  if (received === undefined || received === expected) return;
  const named = paths.length === 0 ? 'No weight file' : paths.join(', ');
  throw new CardinalError(
    `${named} is damaged: expected ${expected} bytes, as ${model} has it. Received: ${received}.`,
  );
}

function joined(chunks: readonly Buffer[]): ArrayBuffer {
  return Uint8Array.from(Buffer.concat(chunks)).buffer;
}
