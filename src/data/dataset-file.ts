import { createHash } from 'node:crypto';
import { z } from 'zod';
import { CardinalError } from '../errors';
import { readRegularFile } from '../files/regular-file';
import { writeWhole } from '../files/write-whole';
import type { ImageDataset } from './image-dataset';

/*
 * A dataset in one file, made to be read at the speed of the disk:
 *
 *   8 bytes   the letters CARDINAL
 *   4 bytes   version of this layout, little-endian
 *   4 bytes   length of the description, little-endian
 *   32 bytes  SHA-256 of all that stands before and after it
 *   …         the description: JSON, everything of an ImageDataset but the arrays, and where the images came from
 *   …         images, then labels, one byte each number
 */
const MAGIC = Buffer.from('CARDINAL', 'ascii');
const VERSION = 1;
const DIGEST_AT = 16;
const DESCRIPTION_AT = 48;

/** What a dataset file says about its images. */
export interface DatasetDescription extends Omit<ImageDataset, 'images' | 'labels'> {
  /** Of the package that the images were decoded from, so that a file made from another one is not taken for it. */
  readonly origin: string;
}

const whole = z.number().int().nonnegative();
const descriptionSchema: z.ZodType<DatasetDescription> = z.object({
  name: z.string(),
  count: whole,
  imageShape: z.tuple([whole, whole, whole]),
  classNames: z.array(z.string()),
  mean: z.array(z.number()),
  std: z.array(z.number()),
  origin: z.string(),
});

/** A dataset whose arrays are views of the bytes of its file-to-be: fill them, then write. */
export interface DatasetDraft {
  readonly bytes: Buffer;
  readonly dataset: ImageDataset;
}

/** What reading a dataset file came to: the dataset, or why there is none. */
export type DatasetReading =
  | { readonly state: 'sound'; readonly dataset: ImageDataset; readonly origin: string }
  | { readonly state: 'absent' }
  /** Made by a version of this package with another layout. */
  | { readonly state: 'foreign' }
  | { readonly state: 'damaged'; readonly reason: string };

/** Room for a dataset in the form of its file, so that decoding fills it in place and nothing is copied. */
export function draftDataset(description: DatasetDescription): DatasetDraft {
  const json = Buffer.from(JSON.stringify(description), 'utf8');
  const start = DESCRIPTION_AT + json.length;
  const bytes = Buffer.alloc(start + description.count * (pixelBytes(description) + 1));
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(VERSION, MAGIC.length);
  bytes.writeUInt32LE(json.length, MAGIC.length + 4);
  json.copy(bytes, DESCRIPTION_AT);
  return { bytes, dataset: viewDataset(bytes, start, description) };
}

/**
 * Writes a draft whose arrays have been filled; the file is there whole or not at all.
 *
 * @throws CardinalError when it cannot be written
 */
export async function writeDatasetFile(file: string, { bytes }: DatasetDraft): Promise<void> {
  digest(bytes).copy(bytes, DIGEST_AT);
  try {
    await writeWhole(file, bytes);
  } catch (error) {
    throw new CardinalError(`cannot write ${file}: ${(error as Error).message}`);
  }
}

/**
 * Reads a dataset file and checks every byte of it.
 *
 * @throws CardinalError when there is a file that cannot be read at all, for lack of permission for instance
 */
export async function readDatasetFile(file: string): Promise<DatasetReading> {
  let bytes: Buffer;
  try {
    bytes = await readRegularFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { state: 'absent' };
    if (error instanceof CardinalError) throw error;
    throw new CardinalError(`cannot read ${file}: ${(error as Error).message}`);
  }
  if (bytes.length < DESCRIPTION_AT || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    return { state: 'damaged', reason: `it does not begin as a dataset file (${bytes.length} bytes)` };
  }
  if (bytes.readUInt32LE(MAGIC.length) !== VERSION) return { state: 'foreign' };
  const expected = bytes.subarray(DIGEST_AT, DESCRIPTION_AT);
  const received = digest(bytes);
  if (!received.equals(expected)) {
    return {
      state: 'damaged',
      reason: `expected sha256 ${expected.toString('hex')}, received ${received.toString('hex')}`,
    };
  }
  const start = DESCRIPTION_AT + bytes.readUInt32LE(MAGIC.length + 4);
  const described = describedBy(bytes.toString('utf8', DESCRIPTION_AT, start));
  if (described === undefined) return { state: 'damaged', reason: 'its description is none of a dataset' };
  const expectedBytes = start + described.count * (pixelBytes(described) + 1);
  if (bytes.length !== expectedBytes) {
    return { state: 'damaged', reason: `expected ${expectedBytes} bytes, received ${bytes.length}` };
  }
  return { state: 'sound', dataset: viewDataset(bytes, start, described), origin: described.origin };
}

/** The description in a file. Its checksum is the file's own, so that it proves nothing against who wrote another file. */
function describedBy(json: string): DatasetDescription | undefined {
  try {
    return descriptionSchema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

function digest(bytes: Buffer): Buffer {
  const before = bytes.subarray(0, DIGEST_AT);
  const after = bytes.subarray(DESCRIPTION_AT);
  return createHash('sha256').update(before).update(after).digest();
}

function viewDataset(bytes: Buffer, start: number, description: DatasetDescription): ImageDataset {
  const { name, count, imageShape, classNames, mean, std } = description;
  const from = bytes.byteOffset + start;
  const imageBytes = count * pixelBytes(description);
  const images = new Uint8Array(bytes.buffer, from, imageBytes);
  const labels = new Uint8Array(bytes.buffer, from + imageBytes, count);
  return { name, images, labels, count, imageShape, classNames, mean, std };
}

function pixelBytes({ imageShape: [height, width, channels] }: Pick<ImageDataset, 'imageShape'>): number {
  return height * width * channels;
}
