import type * as tf from '@tensorflow/tfjs';
import { checkTensor } from '../check-kinds';
import { check } from '../errors';
import type { Graph, Shape } from '../graph/graph';

/** The names of the engines. */
export const ENGINE_NAMES = ['tfjs', 'tensorflow', 'onnxruntime'] as const;

/** What runs a graph; see the file of each. */
export type EngineName = (typeof ENGINE_NAMES)[number];

/** A graph that is ready to predict. It holds its weights until it is disposed. */
export interface InferenceEngine {
  readonly name: EngineName;
  /**
   * The graph's outputs in order, the caller's to dispose.
   *
   * @param images `[batch, height, width, channels]`, any batch
   * @throws InvalidArgumentError for images of another size than the graph's
   */
  predict(images: tf.Tensor4D): Promise<tf.Tensor[]>;
  dispose(): void | Promise<void>;
}

/**
 * The one input of a graph of images.
 *
 * @throws InvalidArgumentError for a graph of other inputs
 */
export function imageInputOf(graph: Graph): { readonly name: string; readonly shape: Shape } {
  const inputs = graph.nodes.filter(({ op }) => op === 'input');
  check(inputs.length === 1, 'graph', 'one input', inputs.length);
  const [{ name, shape }] = inputs;
  check(shape.length === 4, 'graph', 'an input of images, [batch, height, width, channels]', shape);
  return { name, shape };
}

/** Throws unless images have the shape that a graph is for, the batch aside. */
export function checkImages(images: tf.Tensor, shape: Shape): void {
  checkTensor('images', images);
  const fits = images.shape.slice(1).join() === shape.slice(1).join();
  check(fits, 'images', `[batch, ${shape.slice(1).join(', ')}]`, images.shape);
}
