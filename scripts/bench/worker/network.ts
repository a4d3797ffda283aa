import * as tf from '@tensorflow/tfjs';
import { join } from 'node:path';
import { createModel, isModelName } from '../../../models';
import { GroupedConv2D } from '../../../src/layers/grouped-conv2d';
import { IMPLEMENTATIONS, type Implementation } from '../../../src/ops/strategies';
import { readSafetensors, writeSafetensors } from '../../../src/safetensors/file-node';
import { seededRandom } from '../../../src/data/random';
import type { NamedArrays } from '../../../src/train/train-state';
import { readWeights } from '../../../src/train/weights';
import { writeWeights } from '../../../src/train/write-weights';
import { WEIGHTS_FILE } from '../protocol';
import { resnextOfDepth } from './resnext-of-depth';
import type { Output, Setting } from './works';

/** The model that a work is about, with the weights that all contestants have. */
export async function buildNetwork(
  setting: Setting<'training'> | Setting<'inference'>,
): Promise<tf.LayersModel> {
  const { work, folder, writesWeights } = setting;
  const stock = setting.implementation === 'stock';
  const implementation = (
    stock ? 'split-concat' : (IMPLEMENTATIONS.find((name) => name === setting.implementation) ?? 'auto')
  ) as Implementation;
  const options = { seed: 1, implementation, initialise: writesWeights };
  const model = isModelName(work.model)
    ? createModel(work.model, options)
    : resnextOfDepth(work.model, work.network, options);
  if (stock) model.layers.forEach(asStock);
  const path = join(folder, WEIGHTS_FILE);
  if (writesWeights) {
    writeWeights(model, evenWeights(readWeights(model)));
    await writeSafetensors(path, readWeights(model));
  } else {
    const { tensors } = await readSafetensors(path);
    writeWeights(model, tensors as ReadonlyMap<string, Output>);
  }
  return model;
}

/** Without this package a depthwise convolution is a stock layer, not one convolution a channel. */
function asStock(layer: tf.layers.Layer): void {
  if (!(layer instanceof GroupedConv2D)) return;
  const channels = (layer.input as tf.SymbolicTensor).shape[3];
  if (layer.groups === channels && layer.groups > 1) {
    (layer as { implementation: Implementation }).implementation = 'depthwise-sum';
  }
}

/** Of the shifts of batch norm: some, as a trained model has. Were they 0, a graph would be rid of every bias. */
const SHIFT_LIMIT = 0.1;

/**
 * Kernels under which activations keep their size, and shifts of batch norm that are not 0. The zoo's own kernels make the
 * activations of a MobileNet smaller from layer to layer, by which batch norm then multiplies what differs by rounding: no
 * two libraries would agree.
 */
function evenWeights(weights: NamedArrays): NamedArrays {
  return new Map(
    [...weights].map(([name, { shape, data }], position) => {
      const isKernel = shape.length === 4;
      if (!isKernel && !name.endsWith('/beta')) return [name, { shape, data }];
      const random = seededRandom(position);
      const limit = isKernel ? Math.sqrt(6 / (shape[0] * shape[1] * shape[2])) : SHIFT_LIMIT;
      return [name, { shape, data: data.map(() => limit * (random.below(2 ** 20) / 2 ** 19 - 1)) }];
    }),
  );
}
