import * as tf from '@tensorflow/tfjs';
import { createModel } from '../../models';
import { nodeBackend } from '../../src/backends/tensorflow/compile/binding';
import { loadSession, type SessionConfig } from '../../src/backends/tensorflow/compile/session';
import { useBackend } from '../../src/backends/use-backend-node';
import { savedModelBytes, TENSORFLOW_DIALECT } from '../../src/export/saved-model';
import { toTensorflowGraph } from '../../src/export/tensorflow-graph';
import { lowerModel } from '../../src/graph/lower-model';

/** Run by a test in a process of its own, since a test's `process.env` is a copy that libtensorflow never sees. */
async function main(): Promise<void> {
  await useBackend('tensorflow');
  const model = createModel('resnext_toy', { seed: 1 });
  const graph = toTensorflowGraph(lowerModel(model), TENSORFLOW_DIALECT);
  const backend = nodeBackend();
  const { binding } = backend;
  const images = tf.ones([1, 32, 32, 3]);
  const firstLogit = (config?: SessionConfig): number => {
    const session = loadSession(binding, savedModelBytes(graph), config);
    try {
      const fetched = graph.outputs.map(({ node }) => `${node}:0`).join(',');
      const ids = backend.getInputTensorIds([images]);
      const made = binding.runSavedModel(session, ids, `${graph.inputs[0].node}:0`, fetched);
      return backend.createOutputTensor(made[0]).dataSync()[0];
    } finally {
      binding.deleteSavedModel(session);
    }
  };
  const expected = (model.predict(images) as tf.Tensor).dataSync()[0];
  const sequential = firstLogit({ isSequential: true });
  // Whether the processor has instructions for it is the caller's to ask.
  const coarse = firstLogit({ precision: 'bfloat16' });
  const isLeft = process.env.TFJS_CARDINAL_SESSION_CONFIG !== undefined;
  // experimental { executor_type: "NONE" }: TensorFlow looks for it when the graph is first run.
  process.env.TFJS_CARDINAL_SESSION_CONFIG = '8201061a044e4f4e45';
  let refusal = '';
  try {
    firstLogit();
  } catch (error) {
    refusal = (error as Error).message;
  }
  process.stdout.write(
    JSON.stringify({ expected, sequential, coarse, isLeft, refusal, plain: firstLogit() }),
  );
}

void main();
