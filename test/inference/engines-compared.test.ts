import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import { ENGINE_NAMES, type InferenceEngine } from '../../src/inference/engine';
import * as onnxruntime from '../../src/inference/onnxruntime-engine-node';
import { optimizeForInference } from '../../src/inference/optimize-for-inference-node';
import { TESTED_BACKENDS } from '../support/backends';
import { misnamedActivation } from '../support/misnamed-activation';
import { chain } from '../support/small-models';

// An engine that adds 1 to what it should predict.
let disposed = 0;
jest.mock('../../src/inference/onnxruntime-engine-node', () => {
  const actual = jest.requireActual<typeof onnxruntime>('../../src/inference/onnxruntime-engine-node');
  return {
    onnxruntimeEngine: async (
      ...args: Parameters<typeof actual.onnxruntimeEngine>
    ): Promise<InferenceEngine> => {
      const engine = await actual.onnxruntimeEngine(...args);
      return {
        name: engine.name,
        predict: async (images) => {
          const outputs = await engine.predict(images);
          const moved = outputs.map((output) => tf.add(output, 1));
          tf.dispose(outputs);
          return moved;
        },
        dispose: async () => {
          disposed++;
          await engine.dispose();
        },
      };
    },
  };
});

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

beforeEach(() => {
  disposed = 0;
});

test('an engine that predicts otherwise is an error that names it and the difference', async () => {
  const model = chain(tf.layers.conv2d({ filters: 2, kernelSize: 3, activation: 'tanh' }));
  await expect(optimizeForInference(model, { engine: 'onnxruntime' })).rejects.toThrow(
    /^the onnxruntime engine predicts otherwise than \S+ does, by 1\.\d+ of the largest output$/,
  );
  expect(disposed).toBe(1);
});

test('auto passes over it and says why', async () => {
  const model = chain(tf.layers.conv2d({ filters: 2, kernelSize: 3, activation: 'tanh' }));
  const optimized = await optimizeForInference(model);
  expect(optimized.engine).not.toBe('onnxruntime');
  const { reason } = optimized.tried.find(({ engine }) => engine === 'onnxruntime')!;
  expect(reason).toContain('the onnxruntime engine predicts otherwise');
  expect(disposed).toBe(1);
  await optimized.dispose();
});

test.each(['auto', ...ENGINE_NAMES] as const)(
  '%s names a layer that was lowered to something else',
  async (engine) => {
    if (engine === 'tensorflow' && TESTED_BACKENDS[0] !== 'tensorflow') return;
    const model = chain(tf.layers.reLU(), misnamedActivation('wrong'), tf.layers.flatten());
    const before = tf.memory().numTensors;
    await expect(optimizeForInference(model, { engine })).rejects.toThrow(
      'layer wrong (Activation) is the first to be lowered to something else than it computes',
    );
    expect(tf.memory().numTensors).toBe(before);
  },
);
