import * as tf from '@tensorflow/tfjs';
import { nodeBackend } from '../backends/tensorflow/compile/binding';
import { loadSession } from '../backends/tensorflow/compile/session';
import { CardinalError } from '../errors';
import { savedModelBytes, TENSORFLOW_DIALECT } from '../export/saved-model';
import { toTensorflowGraph } from '../export/tensorflow-graph';
import { outputsOfNothing } from '../graph/empty-batch';
import type { Graph } from '../graph/graph';
import { checkImages, imageInputOf, type InferenceEngine } from './engine';

/**
 * Runs a graph as one call of libtensorflow, which takes bias, sum and activation into the convolution before them and lays
 * filters out once.
 *
 * Where no convolution has run in the process yet, the thread that calls takes its part of each operation
 * (`TF_ONEDNN_THREADPOOL_USE_CALLER_THREAD=1`, unless the environment says otherwise): a batch of one image then takes about
 * two thirds of the time, and a training step in the same process some percent more.
 *
 * While it predicts, the threads of libtensorflow stay awake from one operation to the next, as those of ONNX Runtime do:
 * one that has nothing to do looks for work for 50 us before it sleeps. A batch of one image then takes half to two thirds
 * of the time. Where other processes want the processors, and in training, threads sleep at once as ever.
 *
 * @throws InvalidArgumentError unless the graph has one input, a batch of images
 * @throws CardinalError on another backend than `tensorflow`, or where TensorFlow refuses the graph
 *
 * @example
 * await useBackend('tensorflow');
 * const engine = await tensorflowEngine(foldBatchNorm(lowerModel(model)));
 * const [logits] = await engine.predict(images);
 */
export async function tensorflowEngine(graph: Graph): Promise<InferenceEngine> {
  if (tf.getBackend() !== 'tensorflow') {
    throw new CardinalError(
      `the tensorflow engine needs the tensorflow backend, and the current one is ${tf.getBackend()}`,
    );
  }
  // TensorFlow reads it when its first convolution runs, and never again.
  process.env.TF_ONEDNN_THREADPOOL_USE_CALLER_THREAD ??= '1';
  const backend = nodeBackend();
  const { shape } = imageInputOf(graph);
  const tensorflow = toTensorflowGraph(graph, TENSORFLOW_DIALECT);
  const [{ node: input }] = tensorflow.inputs;
  const session = loadSession(backend.binding, savedModelBytes(tensorflow), {
    isSequential: true,
    keepsThreadsAwake: true,
  });
  const feed = `${input}:0`;
  const fetched = tensorflow.outputs.map(({ node }) => `${node}:0`).join(',');
  return {
    name: 'tensorflow',
    predict: async (images) => {
      checkImages(images, shape);
      if (images.shape[0] === 0) return outputsOfNothing(graph);
      const fed = images.dtype === 'float32' ? images : tf.cast<tf.Tensor4D>(images, 'float32');
      const ids = backend.getInputTensorIds([fed]);
      const made = backend.binding.runSavedModel(session, ids, feed, fetched);
      if (fed !== images) fed.dispose();
      return made.map((tensor) => backend.createOutputTensor(tensor));
    },
    dispose: () => backend.binding.deleteSavedModel(session),
  };
}
