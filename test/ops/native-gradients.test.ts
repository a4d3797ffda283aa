import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import { nativeGradientsWork } from '../../src/ops/strategies/native';

type Run = (operation: string, ...rest: unknown[]) => tf.Tensor[];

/** The answer of a process in which TensorFlow's results are tampered with. */
function answerWith(tamper: (operation: string, result: () => tf.Tensor) => tf.Tensor): boolean {
  const backend = tf.backend() as unknown as { executeMultipleOutputs: Run };
  const run = backend.executeMultipleOutputs.bind(backend);
  const spy = jest
    .spyOn(backend, 'executeMultipleOutputs')
    .mockImplementation((operation, ...rest) => [tamper(operation, () => run(operation, ...rest)[0])]);
  jest.doMock('@tensorflow/tfjs', () => tf); // the very one that this file uses
  let answer: boolean | undefined;
  jest.isolateModules(() => {
    const anew =
      require('../../src/ops/strategies/native') as typeof import('../../src/ops/strategies/native');
    answer = anew.nativeGradientsWork();
  });
  jest.dontMock('@tensorflow/tfjs');
  spy.mockRestore();
  return answer as boolean;
}

test('it is an error to ask on another backend', async () => {
  await useBackend('wasm');
  expect(nativeGradientsWork).toThrow(
    'nativeGradientsWork runs on the tensorflow backend only; this is wasm.',
  );
});

describe('on TensorFlow', () => {
  let native = false;
  beforeAll(async () => {
    native = (await useBackend()).backend === 'tensorflow';
  });

  test('the answer is kept, and no tensor is left behind', () => {
    if (!native) return;
    const before = tf.memory().numTensors;
    const answer = nativeGradientsWork();
    // Elsewhere TensorFlow may be built without oneDNN.
    if (process.arch === 'x64') expect(answer).toBe(process.env.TF_ENABLE_ONEDNN_OPTS !== '0');
    const spy = jest.spyOn(
      tf.backend() as unknown as { executeMultipleOutputs: Run },
      'executeMultipleOutputs',
    );
    expect(nativeGradientsWork()).toBe(answer);
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each(['Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'])(
    'wrong numbers and a refusal of %s are seen',
    (tampered) => {
      if (!native || !nativeGradientsWork()) return; // there is nothing to tamper with
      const before = tf.memory().numTensors;
      const seen: string[] = [];
      const tampering = (change: (result: () => tf.Tensor) => tf.Tensor) =>
        answerWith((operation, result) => {
          seen.push(operation);
          return operation === tampered ? change(result) : result();
        });
      expect(tampering((result) => result())).toBe(true);
      expect(seen).toContain(tampered);
      expect(tampering((result) => tf.mul(result(), 1.01))).toBe(false);
      expect(tampering((result) => tf.reverse(result(), -1))).toBe(false);
      const refuse = (): never => {
        throw new Error('not supported on CPU');
      };
      expect(tampering(refuse)).toBe(false);
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});
