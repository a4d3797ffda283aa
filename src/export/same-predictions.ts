import * as tf from '@tensorflow/tfjs';

import { noiseImages } from './noise-images';

// What a size that the model leaves open is probed with.
const OPEN_LENGTH = 32;

/**
 * Whether two models of the same inputs predict the same bits for the same seeded images.
 *
 * @param count images in the batch
 *
 * @example
 * await samePredictions(model, await loadLayersModel('exports/toy'), { count: 8, seed: 1 });
 */
export async function samePredictions(
  first: tf.LayersModel,
  second: tf.LayersModel,
  { count, seed }: { count: number; seed: number },
): Promise<boolean> {
  const inputs = first.inputs.map(({ shape }, i) =>
    noiseImages([count, ...shape.slice(1).map((length) => length ?? OPEN_LENGTH)], seed + i),
  );
  try {
    const [one, other] = [await predict(first, inputs), await predict(second, inputs)];
    return one.length === other.length && one.every((bits, i) => equal(bits, other[i]));
  } finally {
    tf.dispose(inputs);
  }
}

async function predict(model: tf.LayersModel, inputs: tf.Tensor[]): Promise<Uint32Array[]> {
  const outputs = [
    model.predict(inputs.length === 1 ? inputs[0] : inputs, { batchSize: inputs[0].shape[0] }),
  ].flat();
  try {
    // Compared as bits, since NaN is unlike itself and 0 like -0.
    return await Promise.all(
      outputs.map(async (output) => new Uint32Array(Float32Array.from(await output.data()).buffer)),
    );
  } finally {
    tf.dispose(outputs);
  }
}

function equal(one: Uint32Array, other: Uint32Array): boolean {
  return one.length === other.length && one.every((bits, i) => bits === other[i]);
}
