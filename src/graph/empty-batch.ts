import * as tf from '@tensorflow/tfjs';
import type { Graph } from './graph';

/**
 * What a graph makes of a batch without images: outputs of its shapes with as many. Runtimes do not agree on it, libtensorflow
 * and ONNX Runtime refuse it within some operations, and there is nothing to run.
 */
export function outputsOfNothing(graph: Graph): tf.Tensor[] {
  const shapes = new Map(graph.nodes.map(({ name, shape }) => [name, shape]));
  return graph.outputs.map((name) => tf.zeros([0, ...(shapes.get(name) ?? []).slice(1)] as number[]));
}
