import * as tf from '@tensorflow/tfjs';
import { toOnnx } from '../../../src/export/onnx';
import { foldBatchNorm } from '../../../src/graph/fold-batch-norm';
import { lowerModel } from '../../../src/graph/lower-model';
import type { EngineName } from '../../../src/inference/engine';
import { loadOnnxruntime } from '../../../src/export/load-onnxruntime-node';
import { optimizeForInference } from '../../../src/inference/optimize-for-inference-node';
import { trainableParameters } from '../../../src/train/weights';
import { readInputs } from './inputs';
import { buildNetwork } from './network';
import { BARE_ONNXRUNTIME, ENGINE } from '../protocol';
import { outputOf } from './outputs';
import type { Prepared, Setting } from './works';

interface Ready {
  predict(images: tf.Tensor4D): tf.Tensor | Promise<tf.Tensor>;
  dispose(): void;
}

/** By an engine where the contestant is one, `engine:auto` and its like, else by the model itself. */
async function readyToPredict(
  { implementation, work }: Setting<'inference'>,
  model: tf.LayersModel,
): Promise<Ready> {
  const batchSize = work.batch;
  if (implementation === BARE_ONNXRUNTIME) return bareOnnxruntime(model);
  if (!implementation.startsWith(ENGINE)) {
    const predict = (images: tf.Tensor4D) => model.predict(images, { batchSize }) as tf.Tensor;
    return { predict, dispose: () => undefined };
  }
  const engine = implementation.slice(ENGINE.length) as EngineName | 'auto';
  const optimized = await optimizeForInference(model, { engine, batchSize });
  return {
    predict: async (images) => (await optimized.predict(images)) as tf.Tensor,
    dispose: () => void optimized.dispose(),
  };
}

/** The ONNX export, unfolded as a person would have it from the command line, in onnxruntime-node and nothing else. */
async function bareOnnxruntime(model: tf.LayersModel): Promise<Ready> {
  const { InferenceSession, Tensor } = loadOnnxruntime();
  const session = await InferenceSession.create(toOnnx(foldBatchNorm(lowerModel(model))));
  const [[input], [output]] = [session.inputNames, session.outputNames];
  const transposed = new WeakMap<tf.Tensor4D, InstanceType<typeof Tensor>>();
  return {
    predict: async (images) => {
      // Its user has images in its own layout, channels first: what that costs is not measured.
      let fed = transposed.get(images);
      if (fed === undefined) {
        const [batch, height, width, channels] = images.shape;
        const values = tf.tidy(() => images.transpose([0, 3, 1, 2]).dataSync<'float32'>());
        fed = new Tensor('float32', values, [batch, channels, height, width]);
        transposed.set(images, fed);
      }
      const { data, dims } = (await session.run({ [input]: fed }))[output];
      return tf.tensor(data as Float32Array, [...dims]);
    },
    dispose: () => void session.release(),
  };
}

/** The logits of a batch, read. */
export async function prepareInference(setting: Setting<'inference'>): Promise<Prepared> {
  const model = await buildNetwork(setting);
  const { images, labels } = await readInputs(setting.folder);
  const ready = await readyToPredict(setting, model);
  const predict = () => ready.predict(images as tf.Tensor4D);
  return {
    parameters: trainableParameters(model).reduce((sum, { variable }) => sum + variable.size, 0),
    check: async () => new Map([['logits', outputOf(await predict())]]),
    step: async () => {
      const logits = await predict();
      logits.dataSync();
      logits.dispose();
    },
    dispose: () => {
      ready.dispose();
      model.dispose();
      tf.dispose([images, labels]);
    },
  };
}
