import * as tf from '@tensorflow/tfjs';
import { createModel } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import { toOnnx } from '../../src/export/onnx';
import { foldBatchNorm } from '../../src/graph/fold-batch-norm';
import { lowerModel } from '../../src/graph/lower-model';
import { TESTED_BACKENDS } from '../support/backends';
import { relativeDifference, runOnnx, toNchw } from '../support/onnxruntime';
import { sampleImages, sampleModel, zooSamples } from '../support/zoo-samples';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

describe('ONNX Runtime computes what the model computes, at batch 1 and 3', () => {
  test.each(zooSamples())('%s: %s', async (_, name) => {
    const model = sampleModel(name);
    const graph = foldBatchNorm(lowerModel(model));
    const bytes = toOnnx(graph);
    for (const count of [1, 3]) {
      const images = sampleImages(model, count);
      const expected = model.predict(images) as tf.Tensor;
      const nchw = toNchw(images);
      const [[output, logits]] = await runOnnx(bytes, { [model.inputs[0].name]: nchw });
      expect(output).toBe(graph.outputs[0]);
      expect(relativeDifference(logits, expected)).toBeLessThan(1e-4);
      if (count > 1) {
        // Of images that the logits hardly depend on, an error early on would not show.
        const others = tf.reverse(expected, 0);
        expect(relativeDifference(others, expected)).toBeGreaterThan(1e-2);
        others.dispose();
      }
      tf.dispose([images, nchw, expected, logits]);
    }
    model.dispose();
  });
});

test('the stages of a backbone', async () => {
  const model = createModel('resnext_toy', { features: true, seed: 1 });
  const images = tf.randomNormal([2, 32, 32, 3], 0, 1, 'float32', 5);
  const expected = model.predict(images) as tf.Tensor[];
  const bytes = toOnnx(foldBatchNorm(lowerModel(model)));
  const made = await runOnnx(bytes, { [model.inputs[0].name]: toNchw(images) });
  expect(made).toHaveLength(expected.length);
  made.forEach(([, stage], i) => {
    expect(relativeDifference(stage, toNchw(expected[i]))).toBeLessThan(1e-4);
  });
  model.dispose();
});

test('a file of resnext50_32x4d has 4 bytes a parameter, within 1 %', () => {
  const model = createModel('resnext50_32x4d', { initialise: false });
  const { length } = toOnnx(foldBatchNorm(lowerModel(model)));
  // torchvision's count.
  expect(Math.abs(length / (4 * 25_028_904) - 1)).toBeLessThan(0.01);
  model.dispose();
});
