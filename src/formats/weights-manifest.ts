import type * as tf from '@tensorflow/tfjs';

import { CardinalError } from '../errors';

type Entry = tf.io.WeightsManifestEntry;

/** Weights, and the files that have their bytes one after the other. */
export interface WeightGroup {
  readonly paths: readonly string[];
  readonly weights: readonly Entry[];
}

/** Bytes of one number. Of texts, only they themselves tell how many they have. */
const BYTES: ReadonlyMap<unknown, number> = new Map([
  ['float32', 4],
  ['int32', 4],
  ['complex64', 8],
  ['bool', 1],
]);
/** By what a weight is stored as, the bytes of one number and what it may become. */
const QUANTISED: ReadonlyMap<unknown, { readonly bytes: number; readonly dtypes: readonly unknown[] }> =
  new Map([
    ['uint8', { bytes: 1, dtypes: ['float32', 'int32'] }],
    ['uint16', { bytes: 2, dtypes: ['float32', 'int32'] }],
    ['float16', { bytes: 2, dtypes: ['float32'] }],
  ]);
/** Bytes of the length that stands before each text. */
const TEXT_LENGTH = 4;

/**
 * The groups of a tfjs `weightsManifest`, which may say anything.
 *
 * @throws CardinalError naming the weight, and what of it is not as tfjs writes it
 */
export function weightGroups(manifest: unknown): WeightGroup[] {
  const isManifest =
    Array.isArray(manifest) &&
    (manifest as Partial<WeightGroup>[]).every(
      (group) =>
        Array.isArray(group?.paths) &&
        group.paths.every((path) => typeof path === 'string') &&
        Array.isArray(group.weights),
    );
  if (!isManifest) throw new CardinalError('expected a list of paths and weights');
  const groups = manifest as WeightGroup[];
  checkWeightSpecs(groups.flatMap(({ weights }) => weights));
  return groups;
}

/**
 * Refuses entries of a manifest that tfjs could not make tensors of, before anything is allocated.
 *
 * @throws CardinalError as {@link weightGroups}
 */
export function checkWeightSpecs(specs: unknown): asserts specs is Entry[] {
  if (!Array.isArray(specs)) throw new CardinalError('there is no list of weights');
  const names = new Set<string>();
  for (const [i, spec] of (specs as Partial<Entry>[]).entries()) {
    const { name } = spec ?? {};
    // tfjs keeps weights by name in a plain object, where this is none of its own.
    if (typeof name !== 'string' || name === '' || name === '__proto__') {
      throw new CardinalError(`weight ${i}: expected a name. Received: ${shown(name)}`);
    }
    if (names.has(name)) throw new CardinalError(`two weights are called ${name}`);
    names.add(name);
    checkSpec(name, spec);
  }
}

function checkSpec(name: string, { shape, dtype, quantization }: Partial<Entry>): void {
  const refuse = (what: string, expected: string, received: unknown): never => {
    throw new CardinalError(`weight ${name}: ${what}: expected ${expected}. Received: ${shown(received)}`);
  };
  const isShape =
    Array.isArray(shape) && shape.every((length) => Number.isSafeInteger(length) && length >= 0);
  if (!isShape || !Number.isSafeInteger(elements(shape) * 8)) refuse('shape', 'lengths', shape);
  if (quantization === undefined) {
    if (!BYTES.has(dtype) && dtype !== 'string')
      refuse('dtype', [...BYTES.keys(), 'string'].join(', '), dtype);
    return;
  }
  const { dtype: stored, scale, min } = quantization ?? {};
  const dtypes = QUANTISED.get(stored)?.dtypes;
  if (dtypes === undefined) refuse('quantization', [...QUANTISED.keys()].join(', '), stored);
  else if (!dtypes.includes(dtype)) refuse('dtype', `${dtypes.join(' or ')} of ${String(stored)}`, dtype);
  if (stored !== 'float16' && !(Number.isFinite(scale) && Number.isFinite(min))) {
    refuse('quantization', 'a scale and a min', { scale, min });
  }
}

/** Numbers, or texts, that weights have. */
export function countElements(specs: readonly Entry[]): number {
  return specs.reduce((sum, { shape }) => sum + elements(shape), 0);
}

/** Bytes that weights take; `undefined` where there are texts among them. */
export function storedBytes(specs: readonly Entry[]): number | undefined {
  let sum = 0;
  for (const spec of specs) {
    const each = bytesOfNumber(spec);
    if (each === undefined) return undefined;
    sum += elements(spec.shape) * each;
  }
  return sum;
}

/** As {@link storedBytes}, where the bytes are there to tell the lengths of texts. */
export function bytesWithTexts(specs: readonly Entry[], data: ArrayBuffer): number {
  const view = new DataView(data);
  let at = 0;
  for (const spec of specs) {
    const each = bytesOfNumber(spec);
    if (each !== undefined) {
      at += elements(spec.shape) * each;
      continue;
    }
    for (let text = elements(spec.shape); text > 0 && at <= view.byteLength; text--) {
      const length = at + TEXT_LENGTH <= view.byteLength ? view.getUint32(at, true) : 0;
      at += TEXT_LENGTH + length;
    }
  }
  return at;
}

function bytesOfNumber({ dtype, quantization }: Entry): number | undefined {
  return quantization === undefined ? BYTES.get(dtype) : QUANTISED.get(quantization.dtype)?.bytes;
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
