import * as tf from '@tensorflow/tfjs';
import { createModel, listModels, modelInfo, type ModelName } from '../../models';
import { uniform } from './torch-fill';

/** The smallest variant of each family of the zoo, by the family's name: what lands in the zoo is among them by itself. */
export function zooSamples(): [family: string, name: ModelName][] {
  const smallest = new Map<string, ModelName>();
  for (const name of listModels()) {
    const { family, params } = modelInfo(name);
    const other = smallest.get(family);
    if (other === undefined || params.total < modelInfo(other).params.total) smallest.set(family, name);
  }
  return [...smallest];
}

/** A model of the zoo with drawn weights, and the statistics of noise in its norms, for images of at most 64 by 96 pixels. */
export function sampleModel(name: ModelName): tf.LayersModel {
  const [height, width, channels] = modelInfo(name).inputShape;
  // Not square, so that height and width cannot stand for each other.
  const inputShape = [Math.min(height, 64), Math.min(width, 96), channels] as const;
  const model = createModel(name, { inputShape, initialise: false });
  drawWeights(model);
  const images = sampleImages(model, MOST);
  calibrateNorms(model, images);
  images.dispose();
  return model;
}

const MOST = 4;

/** Noise for a sample model, of which its norms have the statistics: up to 4 images. */
export function sampleImages(model: tf.LayersModel, count: number): tf.Tensor4D {
  const shape = model.inputs[0].shape.slice(1) as [number, number, number];
  return tf.tidy(() =>
    tf.randomNormal<tf.Rank.R4>([MOST, ...shape], 0, 1, 'float32', 1).slice([0, 0, 0, 0], [count, ...shape]),
  );
}

/** Gives norms the statistics of what reaches them, so that in a deep network no signal grows, dies or turns into chaos. */
function calibrateNorms(model: tf.LayersModel, images: tf.Tensor): void {
  const norms = allLayers(model.layers).filter((layer) => layer.getClassName() === 'BatchNormalization');
  const own = norms.map((layer) => layer as tf.layers.Layer & { momentum: number });
  const momenta = own.map(({ momentum }) => momentum);
  for (const layer of own) layer.momentum = 0;
  tf.tidy(() => {
    model.apply(images, { training: true });
  });
  own.forEach((layer, i) => (layer.momentum = momenta[i]));
}

function allLayers(layers: readonly tf.layers.Layer[]): tf.layers.Layer[] {
  return layers.flatMap((layer) => {
    const { parts } = layer as { parts?: readonly tf.layers.Layer[] };
    return parts === undefined ? [layer] : [layer, ...allLayers(parts)];
  });
}

// Drawn once; each weight takes a stretch of it, of which the length is prime to most sizes.
const LENGTH = 2 ** 20 + 7;
let drawn: Float32Array | undefined;

/** Gives a model weights of a usual size, none as it starts, at once. */
export function drawWeights(model: tf.LayersModel): void {
  drawn ??= Float32Array.from(uniform('weights', LENGTH));
  let start = 0;
  for (const weight of model.weights) {
    const shape = weight.shape as number[];
    const values = new Float32Array(tf.util.sizeFromShape(shape));
    for (let filled = 0; filled < values.length;) {
      const part = drawn.subarray(start, start + values.length - filled);
      values.set(part, filled);
      filled += part.length;
      start = (start + part.length) % LENGTH;
    }
    const [centre, reach] = centreAndReach(weight.originalName, shape);
    tf.tidy(() => {
      weight.write(tf.add(tf.mul(tf.tensor(values, shape), reach), centre));
    });
  }
}

function centreAndReach(name: string, shape: readonly number[]): [centre: number, reach: number] {
  if (/gamma|layer_scale/.test(name)) return [0.75, 0.25];
  if (/variance/.test(name)) return [0.75, 0.5];
  if (shape.length === 1) return [0, 0.2];
  const fan = shape.slice(0, /depthwise_kernel/.test(name) ? 2 : -1).reduce((product, n) => product * n, 1);
  return [0, Math.sqrt(6 / fan)];
}
