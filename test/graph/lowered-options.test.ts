import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import { CardinalError } from '../../src/errors';
import { relativeDifference } from '../../src/export/prediction-difference';
import { foldBatchNorm } from '../../src/graph/fold-batch-norm';
import type { Graph } from '../../src/graph/graph';
import { lowerModel } from '../../src/graph/lower-model';
import type { InferenceEngine } from '../../src/inference/engine';
import { tensorflowEngine } from '../../src/inference/tensorflow-engine-node';
import { tfjsEngine } from '../../src/inference/tfjs-engine';
import { HAS_NATIVE } from '../support/backends';
import { ACTIVATION_NAMES, KINDS, randomModel } from '../support/random-models';
import { drawWeights } from '../support/zoo-samples';

// What a layer computes, tfjs says, not its options: `predict` is the oracle, for options that tfjs passes over too.

beforeAll(async () => {
  await useBackend(HAS_NATIVE ? 'tensorflow' : 'cpu');
});

const ENGINES: readonly ((graph: Graph) => Promise<InferenceEngine>)[] = HAS_NATIVE
  ? [tfjsEngine, tensorflowEngine]
  : [tfjsEngine];
const MODELS_A_KIND = 8;

type Outcome = 'equal' | 'refused' | 'not computed';

/** Throws where a lowered model computes something else than the model, by any engine, folded or not. */
async function outcomeOf(model: tf.LayersModel): Promise<Outcome> {
  const shape = model.inputs[0].shape.slice(1) as [number, number, number];
  const images = tf.randomNormal<tf.Rank.R4>([2, ...shape], 0, 1, 'float32', 7);
  let expected: tf.Tensor | undefined;
  try {
    expected = model.predict(images) as tf.Tensor;
  } catch {
    images.dispose();
    return 'not computed'; // tfjs builds some layers that it cannot run.
  }
  try {
    const graph = lowerModel(model);
    for (const each of [graph, foldBatchNorm(graph)]) {
      for (const makeEngine of ENGINES) {
        const engine = await makeEngine(each);
        const [made] = await engine.predict(images);
        await engine.dispose();
        const difference = relativeDifference(expected.dataSync(), made.dataSync());
        const isEqual = made.shape.join() === expected.shape.join() && difference <= 1e-5;
        const what = `${engine.name} ${made.shape} for ${expected.shape}, ${difference} apart`;
        made.dispose();
        if (!isEqual) throw new Error(what);
      }
    }
    return 'equal';
  } catch (error) {
    // TensorFlow joins swish and then LeakyReLU with the convolution before them, and has no kernel for that.
    if (/Fusion is not implemented/.test((error as Error).message)) return 'not computed';
    if (error instanceof CardinalError && isNamed(error.message, model)) return 'refused';
    const config = model.layers.map((layer) => [layer.getClassName(), layer.getConfig()]);
    throw new Error(`${(error as Error).message}: ${JSON.stringify(config)}`, { cause: error });
  } finally {
    tf.dispose([images, expected]);
  }
}

function isNamed(message: string, model: tf.LayersModel): boolean {
  return /cannot be lowered/.test(message) && model.layers.some(({ name }) => message.includes(name));
}

test.each(KINDS)(
  '%s computes what predict does, with whatever options, or is refused by name',
  async (kind) => {
    const outcomes: Outcome[] = [];
    const first = 1000 * KINDS.indexOf(kind);
    for (let seed = first; outcomes.length < MODELS_A_KIND; seed++) {
      let model: tf.LayersModel;
      try {
        model = randomModel(kind, seed);
      } catch {
        continue; // Options that no layer takes.
      }
      drawWeights(model);
      const outcome = await outcomeOf(model);
      if (outcome !== 'not computed') outcomes.push(outcome);
      model.dispose();
    }
    const refused = ['prelu', 'thresholdedReLU', 'globalMaxPooling2d', 'upSampling2d', 'conv2dTranspose'];
    expect(outcomes.includes('equal')).toBe(!refused.includes(kind));
  },
);

const { layers } = tf;
const REFUSED = ['gelu_new', 'logSoftmax', 'mish', 'selu', 'softsign'];
const LAYERS = {
  dense: (options: object) => layers.dense({ units: 3, name: 'it', ...options }),
  conv2d: (options: object) => layers.conv2d({ filters: 3, kernelSize: 2, name: 'it', ...options }),
  depthwiseConv2d: (options: object) => layers.depthwiseConv2d({ kernelSize: 2, name: 'it', ...options }),
};

test.each(Object.entries(LAYERS))('%s with every activation', async (_, make) => {
  for (const activation of ACTIVATION_NAMES) {
    const model = tf.sequential({ layers: [make({ activation, inputShape: [4, 5, 2] })] });
    drawWeights(model);
    expect([activation, await outcomeOf(model)]).toEqual([
      activation,
      REFUSED.includes(activation) ? 'refused' : 'equal',
    ]);
    model.dispose();
  }
});

describe('right by hand', () => {
  const run = async (...row: tf.layers.Layer[]) => {
    const graph = lowerModel(tf.sequential({ layers: row }));
    const engine = await tfjsEngine(graph);
    const [, height, width, channels] = graph.nodes[0].shape as readonly (number | null)[] as number[];
    const images = tf.range(0, height * width * channels).reshape<tf.Tensor4D>([1, height, width, channels]);
    const [made] = await engine.predict(images);
    await engine.dispose();
    return { shape: made.shape, values: [...made.dataSync()] };
  };

  test('a factor for each channel, and an offset', async () => {
    const scale = [1, 2, 3, 4];
    const layer = layers.rescaling({ scale, offset: [0, 0, 0, 100], inputShape: [1, 2, 4] } as never);
    expect((await run(layer)).values).toEqual([0, 2, 6, 112, 4, 10, 18, 128]);
  });

  test('a depthwise convolution that is not dilated, as tfjs passes over the option', async () => {
    const layer = layers.depthwiseConv2d({
      kernelSize: [1, 2],
      dilationRate: 2,
      depthwiseInitializer: 'ones',
      inputShape: [1, 4, 1],
    });
    expect(await run(layer)).toEqual({ shape: [1, 1, 3, 1], values: [1, 3, 5] });
  });

  test('a length that the others determine', async () => {
    const layer = layers.reshape({ targetShape: [-1, 2], inputShape: [2, 2, 1] });
    expect(await run(layer)).toEqual({ shape: [1, 2, 2], values: [0, 1, 2, 3] });
  });
});

describe('a class that computes otherwise than its name tells is refused', () => {
  const stock = (layer: tf.layers.Layer) => layer.constructor as new (options: object) => tf.layers.Layer;
  const Conv2D = stock(layers.conv2d({ filters: 1, kernelSize: 1 }));
  const Add = stock(layers.add());
  class Doubled extends Conv2D {
    override call(inputs: tf.Tensor): tf.Tensor {
      return tf.mul(super.call(inputs, {}) as tf.Tensor, 2);
    }
  }
  class Largest extends Add {
    mergeFunction([first, ...others]: tf.Tensor[]): tf.Tensor {
      return others.reduce((most, each) => tf.maximum(most, each), first);
    }
  }
  class Quiet extends Conv2D {
    override getConfig() {
      return { ...super.getConfig(), note: 'of its owner' };
    }
  }
  class Lambda extends tf.layers.Layer {
    static readonly className = 'HardSwish';
    override call(inputs: tf.Tensor): tf.Tensor {
      return tf.square(inputs);
    }
  }
  const inputShape = [3, 3, 2];
  const conv = { filters: 2, kernelSize: 1, name: 'it', inputShape };

  test.each<[string, () => tf.LayersModel, string]>([
    [
      'another call',
      () => tf.sequential({ layers: [new Doubled(conv)] }),
      'layer it (Conv2D) cannot be lowered: its call is not that of Conv2D',
    ],
    [
      'another merge',
      () => {
        const x = tf.input({ shape: inputShape });
        return tf.model({
          inputs: x,
          outputs: new Largest({ name: 'it' }).apply([x, x]) as tf.SymbolicTensor,
        });
      },
      'layer it (Add) cannot be lowered: its mergeFunction is not that of Add',
    ],
    [
      'another class of the name',
      () => tf.sequential({ layers: [new Lambda({ name: 'it', inputShape })] }),
      'layer it (HardSwish) cannot be lowered: its class is another one than the HardSwish that is known',
    ],
    [
      'a call of its own',
      () => {
        const layer = layers.conv2d(conv);
        layer.call = (inputs) => tf.square(inputs as tf.Tensor);
        return tf.sequential({ layers: [layer] });
      },
      'layer it (Conv2D) cannot be lowered: its call is not that of Conv2D',
    ],
    [
      'a model within the model',
      () => {
        const inner = tf.sequential({ name: 'inner', layers: [layers.conv2d(conv)] });
        inner.call = (inputs) => tf.square([inputs].flat()[0] as tf.Tensor);
        const x = tf.input({ shape: inputShape });
        return tf.model({ inputs: x, outputs: inner.apply(x) as tf.SymbolicTensor });
      },
      'layer inner (Sequential) cannot be lowered: its call is not that of Sequential',
    ],
  ])('%s', (_, make, message) => {
    expect(() => lowerModel(make())).toThrow(message);
  });

  test('and one that computes as it tells is not', async () => {
    const model = tf.sequential({ layers: [new Quiet(conv)] });
    drawWeights(model);
    expect(await outcomeOf(model)).toBe('equal');
  });

  test('nor does looking for the classes take names from the caller', () => {
    const number = (layer: tf.layers.Layer) => Number(layer.name.split('_').at(-1));
    const before = number(layers.reLU());
    lowerModel(tf.sequential({ layers: [layers.reLU({ name: 'it', inputShape })] }));
    expect(number(layers.reLU())).toBe(before + 1);
  });
});
