import type * as tf from '@tensorflow/tfjs';

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
