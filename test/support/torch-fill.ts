import type * as tf from '@tensorflow/tfjs';

import type { LoadReport } from '../../src/import/torch-weights';
import { assignTorchTensors } from '../../src/import/torch-weights';
import { torchCounterpart } from '../../src/import/torch-names';
import type { StoredTensor } from '../../src/safetensors/tensor';
import { weightVariables } from '../../src/train/weights';

// scripts/fixtures/torch_fill.py is the same function: whatever changes here changes there.

// Taken out of the loops, since in jest a global is twenty times slower to reach than a constant.
const { imul } = Math;

/** `count` numbers of [-1, 1), multiples of 2^-23: FNV-1a of the name, each index mixed in as MurmurHash3 ends. */
export function uniform(name: string, count: number): Float32Array {
  let seed = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) seed = imul(seed ^ byte, 0x01000193);
  const numbers = new Float32Array(count); // which has room for 24 bits
  for (let index = 0; index < count; index++) {
    let x = imul(index, 0x9e3779b9) ^ seed;
    x = imul(x ^ (x >>> 16), 0x85ebca6b);
    x = imul(x ^ (x >>> 13), 0xc2b2ae35);
    x ^= x >>> 16;
    numbers[index] = ((x >>> 8) - 2 ** 23) / 2 ** 23;
  }
  return numbers;
}

/** What a fixture says of its fill. */
export interface Fill {
  /** Factor of the kernels' deviation. */
  readonly gain: number;
  /** Whether biases keep what a ReLU receives away from 0. */
  readonly apart?: boolean;
}

/** The values of a tensor of PyTorch's, in its layout. */
export function torchFill(
  name: string,
  shape: readonly number[],
  { gain, apart = false }: Fill,
): Float32Array {
  const product = (extents: readonly number[]) => extents.reduce((total, extent) => total * extent, 1);
  const own = name.slice(name.lastIndexOf('.') + 1);
  const [centre, reach] =
    own === 'weight' && shape.length > 1
      ? [0, gain * Math.sqrt(6 / product(shape.slice(1)))]
      : (CENTRE_AND_REACH[own] ?? [0.5, 0.125]);
  const values = uniform(name, product(shape));
  const isApart = apart && own === 'bias';
  for (let index = 0; index < values.length; index++) {
    const around = isApart ? (values[index] < -0.75 ? -1.5 : 2) : centre;
    values[index] = around + reach * values[index];
  }
  return values;
}

const CENTRE_AND_REACH: Readonly<Record<string, readonly [number, number]>> = {
  bias: [0, 0.1],
  running_mean: [0, 0.1],
  running_var: [0.25, 0.125],
  layer_scale: [0.5, 0.25],
};

/** Images `[count, size, size, 3]`, the same as `images` of torch_fill.py puts in PyTorch's order. */
export function torchFillImages(count: number, size: number): Float32Array {
  const cells = Math.ceil(size / 16);
  const coarse = uniform('cells', count * 3 * cells * cells);
  const fine = uniform('pixels', count * 3 * size * size);
  const values = new Float32Array(fine.length);
  let at = 0;
  for (let image = 0; image < count; image++) {
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        for (let channel = 0; channel < 3; channel++) {
          const plane = image * 3 + channel;
          const cell = (plane * cells + (row >> 4)) * cells + (column >> 4);
          values[at++] = coarse[cell] + fine[(plane * size + row) * size + column];
        }
      }
    }
  }
  return values;
}

/** The tensors, in PyTorch's names and layout, that `fill_model` would give the model's twin. */
export function torchFillTensors(model: tf.LayersModel, fill: Fill): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const [own, { shape: ownShape }] of weightVariables(model)) {
    const { name, shape } = torchCounterpart(own, ownShape);
    tensors.set(name, { dtype: 'F32', shape, data: torchFill(name, shape, fill) });
  }
  return tensors;
}

/** Gives a model the weights that its twin in PyTorch was filled with, by way of the import. */
export function fillModel(model: tf.LayersModel, fill: Fill): LoadReport {
  return assignTorchTensors(model, torchFillTensors(model, fill));
}
