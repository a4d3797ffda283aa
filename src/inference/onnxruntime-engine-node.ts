import * as tf from '@tensorflow/tfjs';
import { toOnnx } from '../export/onnx';
import { outputsOfNothing } from '../graph/empty-batch';
import type { Graph } from '../graph/graph';
import { checkImages, imageInputOf, type InferenceEngine } from './engine';
import { loadOnnxruntime } from '../export/load-onnxruntime-node';

/**
 * Runs a graph in ONNX Runtime, by the npm package `onnxruntime-node`, on as many threads as it takes by default.
 *
 * @throws InvalidArgumentError unless the graph has one input, a batch of images
 * @throws CardinalError when onnxruntime-node is not installed or does not load
 *
 * @example
 * const engine = await onnxruntimeEngine(foldBatchNorm(lowerModel(model)));
 * const [logits] = await engine.predict(images);
 */
export async function onnxruntimeEngine(graph: Graph): Promise<InferenceEngine> {
  const { name: input, shape } = imageInputOf(graph);
  const { InferenceSession, Tensor } = loadOnnxruntime();
  // Images go in as they are: one `Transpose` within takes a tenth of what the same loop here does.
  const session = await InferenceSession.create(toOnnx(graph, { layout: 'nhwc' }), {
    logSeverityLevel: 3, // errors, without the warnings
  });
  return {
    name: 'onnxruntime',
    predict: async (images) => {
      checkImages(images, shape);
      if (images.shape[0] === 0) return outputsOfNothing(graph);
      const values = await images.data<'float32' | 'int32'>();
      const data = values instanceof Float32Array ? values : Float32Array.from(values);
      const fed = new Tensor('float32', data, images.shape);
      const made = await session.run({ [input]: fed });
      return session.outputNames.map((name) => {
        const { data, dims } = made[name];
        return tf.tensor(data as Float32Array, [...dims]);
      });
    },
    dispose: () => session.release(),
  };
}
