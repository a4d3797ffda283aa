import * as tf from '@tensorflow/tfjs';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

import { batches } from '../data/batches';
import type { ImageDataset } from '../data/image-dataset';
import { check } from '../errors';

/** Patches of so many images tell their statistics well enough. */
const IMAGES = 5_000;
/** Added to the variance along an eigenvector, lest the least of them be noise made large. */
const EPSILON = 5e-4;

/**
 * Makes the first convolution of a model whiten the patches of images that it sees: its kernels become the eigenvectors of
 * the patches' second moments, those of the largest eigenvalues first, each divided by the root of its eigenvalue, and then
 * the negatives of the same. What it puts out is then uncorrelated and of like size.
 *
 * Page, "How to train your ResNet 8: bag of tricks", 2019.
 *
 * @param images of which the first 5,000 are looked at, normalised and not augmented
 * The kernel is meant to stay as it is then.
 *
 * @throws InvalidArgumentError if no convolution reads the images, or its filters are not two for each of at most all
 *   eigenvectors
 *
 * @example
 * whitenFirstConvolution(createModel('airbench94'), cifar10.train);
 */
export function whitenFirstConvolution(model: tf.LayersModel, images: ImageDataset): void {
  checkWhitening(model, images);
  const layer = firstConvolution(model);
  const [kernel, ...others] = layer.getWeights();
  const [height, width, channels, filters] = kernel.shape as tf.Tensor4D['shape'];
  const size = height * width * channels;
  const { values, vectors } = eigenvectors(secondMoments(images, [height, width]));
  const data = new Float32Array(size * filters);
  for (let filter = 0; filter < filters / 2; filter++) {
    const scale = 1 / Math.sqrt(values[filter] + EPSILON);
    for (let i = 0; i < size; i++) {
      data[i * filters + filter] = vectors[filter][i] * scale;
      data[i * filters + filters / 2 + filter] = -vectors[filter][i] * scale;
    }
  }
  tf.tidy(() => layer.setWeights([tf.tensor(data, kernel.shape), ...others]));
}

/** Throws unless {@link whitenFirstConvolution} can be done to a model. */
export function checkWhitening(model: tf.LayersModel, images: ImageDataset): void {
  const [height, width, channels, filters] = firstConvolution(model).weights[0].shape as tf.Tensor4D['shape'];
  const most = 2 * height * width * channels;
  const fits = channels === images.imageShape[2] && filters % 2 === 0 && filters <= most;
  const expected = `false for ${model.name}, whose first convolution has not an even number of filters up to ${most}`;
  check(fits, 'whiten', expected, `true (${filters} filters)`);
}

/** The weight's name of the kernel that {@link whitenFirstConvolution} fills. */
export function whiteningKernel(model: tf.LayersModel): string {
  return firstConvolution(model).weights[0].originalName;
}

function firstConvolution(model: tf.LayersModel): tf.layers.Layer {
  const layer = model.layers.find((each) => each.input === model.inputs[0] && isConvolution(each));
  check(layer !== undefined, 'whiten', `false for ${model.name}, whose images no convolution reads`, true);
  return layer;
}

function isConvolution(layer: tf.layers.Layer): boolean {
  return layer.weights[0]?.shape.length === 4 && /\/kernel$/.test(layer.weights[0].originalName);
}

/** `[size][size]`: means of the products of the elements of a patch, which is row-major with the channels last. */
function secondMoments(images: ImageDataset, [height, width]: readonly [number, number]): number[][] {
  const [rows, columns, channels] = images.imageShape;
  const size = height * width * channels;
  const sums = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  const offsets = Int32Array.from({ length: size }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / channels), i % channels];
    return (Math.floor(pixel / width) * columns + (pixel % width)) * channels + channel;
  });
  const [batch] = batches(images, { batchSize: Math.min(IMAGES, images.count) });
  let count = 0;
  for (let image = 0; image < batch.count; image++) {
    for (let top = 0; top <= rows - height; top++) {
      for (let left = 0; left <= columns - width; left++) {
        const start = ((image * rows + top) * columns + left) * channels;
        for (let a = 0; a < size; a++) {
          const value = batch.images[start + offsets[a]];
          const row = sums[a];
          for (let b = 0; b <= a; b++) row[b] += value * batch.images[start + offsets[b]];
        }
        count++;
      }
    }
  }
  return sums.map((row, a) => row.map((_, b) => sums[Math.max(a, b)][Math.min(a, b)] / count));
}

/** Of a symmetric matrix, by falling eigenvalue; the vectors are of length 1. */
function eigenvectors(matrix: number[][]): { values: number[]; vectors: number[][] } {
  const found = new EigenvalueDecomposition(new Matrix(matrix), { assumeSymmetric: true });
  const columns = found.eigenvectorMatrix.transpose().to2DArray();
  const order = found.realEigenvalues.map((_, i) => i);
  order.sort((a, b) => found.realEigenvalues[b] - found.realEigenvalues[a]);
  return { values: order.map((i) => found.realEigenvalues[i]), vectors: order.map((i) => columns[i]) };
}
