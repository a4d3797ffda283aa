import * as tf from '@tensorflow/tfjs';
import { accelerate, isAccelerated, restore } from '../../src/backends/accelerate';
import { describeOnBackends, expectNoLeak } from '../support/backends';
import { relativeError } from '../support/grouped-conv2d-oracle';

afterEach(restore);

type Op = (...inputs: tf.Tensor[]) => tf.Tensor;
interface Case {
  name: string;
  op: Op;
  shapes: number[][];
}

const SPACE = [2, 5, 4, 3];
const unary = (name: string, op: Op): Case[] =>
  [SPACE, [7], [3, 1, 8]].map((shape) => ({ name: `${name} of [${shape}]`, op, shapes: [shape] }));
const binary = (name: string, op: Op): Case[] =>
  [[SPACE, SPACE], [SPACE, [3]], [[4, 1, 3], [2, 1, 5, 1]], [[6], []], [[1], [6]]].map((shapes) => ({ name: `${name} of [${shapes.join('] [')}]`, op, shapes })); // prettier-ignore

const CASES: Case[] = [
  ...unary('relu', tf.relu),
  ...unary('relu6', (x) => tf.relu6(tf.mul(x, 5))),
  ...unary('leakyRelu', (x) => tf.leakyRelu(x, 0.3)),
  ...unary('elu', tf.elu),
  ...unary('selu', tf.selu),
  ...unary('sigmoid', tf.sigmoid),
  ...unary('tanh', tf.tanh),
  ...unary('softplus', tf.softplus),
  ...unary('clipByValue', (x) => tf.clipByValue(x, -0.5, 0.8)),
  ...unary('swish', (x) => tf.mul(x, tf.sigmoid(x))),
  ...unary('hard sigmoid', (x) => tf.clipByValue(tf.add(tf.mul(0.2, x), 0.5), 0, 1)),
  ...unary('hard swish', (x) => tf.mul(x, tf.div(tf.relu6(tf.add(x, 3)), 6))),
  ...unary('sum', (x) => tf.sum(x)),
  ...unary('sum over the last axis', (x) => tf.sum(x, -1)),
  ...unary('mean', (x) => tf.mean(x)),
  ...unary('mean over the first axis, kept', (x) => tf.mean(x, 0, true)),
  ...unary('reshape', (x) => tf.square(tf.reshape(x, [-1, 1]))),
  ...unary('expandDims', (x) => tf.square(tf.expandDims(x, 0))),
  ...binary('add', tf.add),
  ...binary('sub', tf.sub),
  { name: 'addN', op: (...xs) => tf.square(tf.addN(xs)), shapes: [SPACE, SPACE, SPACE] },
  { name: 'addN of one tensor twice', op: (x) => tf.square(tf.addN([x, x])), shapes: [SPACE] },
  { name: 'concat', op: (a, b) => tf.square(tf.concat([a, b], 1)), shapes: [[2, 3, 4], [2, 1, 4]] }, // prettier-ignore
  { name: 'concat on the last axis', op: (a, b, c) => tf.concat([a, b, c], -1), shapes: [[2, 3], [2, 1], [2, 4]] }, // prettier-ignore
  { name: 'pad', op: (x) => tf.pad(x as tf.Tensor4D, [[0, 0], [1, 2], [0, 1], [0, 0]]), shapes: [SPACE] }, // prettier-ignore
  { name: 'global average pooling', op: (x) => tf.mean(x, [1, 2]), shapes: [SPACE] },
  { name: 'maxPool', op: (x) => tf.maxPool(x as tf.Tensor4D, 3, 2, 'same'), shapes: [[2, 7, 6, 3]] },
  { name: 'maxPool, valid', op: (x) => tf.maxPool(x as tf.Tensor4D, 2, 1, 'valid'), shapes: [[2, 5, 6, 3]] },
  { name: 'avgPool', op: (x) => tf.avgPool(x as tf.Tensor4D, 3, 2, 'same'), shapes: [[2, 7, 6, 3]] },
  { name: 'x + x', op: (x) => tf.add(x, x), shapes: [SPACE] },
  { name: 'x - x²', op: (x) => tf.sub(x, tf.square(x)), shapes: [SPACE] },
  {
    name: 'a residual block',
    op: (x, filter, bias) => {
      const convolved = tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same');
      return tf.mean(tf.relu(tf.add(x, tf.relu6(tf.add(convolved, bias)))), [1, 2]);
    },
    shapes: [SPACE, [3, 3, 3, 3], [3]],
  },
];

function gradientsOf({ op, shapes }: Case): { y: tf.TypedArray; gradients: tf.TypedArray[] } {
  return tf.tidy(() => {
    const inputs = shapes.map((shape, i) => tf.randomNormal(shape, 0, 1, 'float32', i + 1));
    const y = op(...inputs);
    const dy = tf.randomNormal(y.shape, 0, 1, 'float32', 99);
    const gradients = tf.grads(op)(inputs, dy);
    gradients.forEach((gradient, i) => expect(gradient.shape).toEqual(shapes[i]));
    return { y: y.dataSync(), gradients: gradients.map((gradient) => gradient.dataSync()) };
  });
}

describeOnBackends('accelerate', (backend) => {
  it.each(CASES)('$name: same values and gradients as without', (each) => {
    const stock = gradientsOf(each);
    accelerate();
    const fast = gradientsOf(each);
    expect(relativeError(fast.y, stock.y)).toBeLessThan(1e-6);
    stock.gradients.forEach((gradient, i) => {
      expect(relativeError(fast.gradients[i], gradient)).toBeLessThan(1e-5);
    });
  });

  it.each(CASES)('$name: leaves no tensor behind', (each) => {
    accelerate();
    expectNoLeak(() => gradientsOf(each));
  });

  it.each(CASES)('$name: the same second derivative', (each) => {
    const second = () =>
      tf.tidy(() => {
        const inputs = each.shapes.map((shape, i) => tf.randomNormal(shape, 0, 1, 'float32', i + 1));
        const inner = (x: tf.Tensor) => tf.sum(tf.square(each.op(x, ...inputs.slice(1))));
        return tf
          .grad((x) => tf.sum(tf.square(tf.grad(inner)(x))))(inputs[0])
          .dataSync();
      });
    let stock: tf.TypedArray;
    try {
      stock = second();
    } catch {
      return; // Stock tfjs has no second derivative of some (pooling), so there is nothing to keep.
    }
    accelerate();
    expect(relativeError(second(), stock)).toBeLessThan(1e-4);
  });

  it('is taken back whole, and twice is once', () => {
    const engine = tf.engine() as unknown as Record<string, unknown>;
    const state = () => [
      ...['Relu', 'Relu6', 'Add', 'Mean', 'ClipByValue', 'Concat'].map((name) => tf.getGradient(name)),
      engine.gradients,
      engine.addTapeNode,
      tf.layers.Layer.prototype.apply,
      tf.LayersModel.prototype.call,
      Object.getPrototypeOf(tf.layers.batchNormalization()).call,
      Object.getPrototypeOf(tf.layers.reLU()).call,
    ];
    const before = state();
    accelerate();
    accelerate();
    expect(isAccelerated()).toBe(true);
    state().forEach((each, i) => expect(each).not.toBe(before[i]));
    restore();
    restore();
    expect(isAccelerated()).toBe(false);
    state().forEach((each, i) => expect(each).toBe(before[i]));
  });

  it('frees what an op that throws had saved', () => {
    accelerate();
    const x = tf.randomNormal(SPACE);
    expectNoLeak(() => {
      expect(() =>
        tf.grad((x) => {
          tf.relu(tf.sigmoid(x));
          throw new Error('in the middle');
        })(x),
      ).toThrow('in the middle');
    });
    x.dispose();
  });

  it('says as stock tfjs that nothing leads from x to y', () => {
    accelerate();
    const constant = tf.scalar(1);
    const f = () => tf.grad(() => tf.square(constant))(tf.scalar(2));
    expect(f).toThrow('Cannot compute gradient of y=f(x) with respect to x');
  });

  it('keeps activations until backward has read them and no longer', () => {
    accelerate();
    const x = tf.randomNormal([64, 256]);
    const layers = 8;
    const peaks: number[] = [];
    // A gradient function of our own between the layers sees what is alive while backward runs.
    const watch = tf.customGrad((x) => ({
      value: tf.clone(x as tf.Tensor),
      gradFunc: (dy: tf.Tensor | tf.Tensor[]) => {
        peaks.push(tf.memory().numBytes);
        return tf.clone(dy as tf.Tensor);
      },
    }));
    const f = (x: tf.Tensor) => {
      for (let i = 0; i < layers; i++) x = watch(tf.sigmoid(x));
      return tf.sum(x);
    };
    tf.grad(f)(x).dispose();
    expect(peaks).toHaveLength(layers);
    // Each step back frees one saved output.
    for (let i = 1; i < layers; i++) expect(peaks[i]).toBeLessThanOrEqual(peaks[i - 1] - x.size * 4);
    x.dispose();
  });

  describe('models', () => {
    const L = tf.layers;
    const conv = (filters: number, seed: number) =>
      L.conv2d({
        filters,
        kernelSize: 3,
        padding: 'same',
        useBias: false,
        kernelInitializer: tf.initializers.heNormal({ seed }),
      });
    // Without a bias before batch norm, whose gradient would be nothing but rounding.
    const bn = () => L.batchNormalization({ momentum: 0.7, epsilon: 1e-3 });

    function residual(): tf.LayersModel {
      const input = tf.input({ shape: [8, 8, 3] });
      const stem = L.reLU().apply(bn().apply(conv(8, 1).apply(input))) as tf.SymbolicTensor;
      let x = L.activation({ activation: 'relu' }).apply(bn().apply(conv(8, 2).apply(stem)));
      x = L.reLU({ maxValue: 6 }).apply(bn().apply(conv(8, 3).apply(x)));
      x = L.add().apply([x as tf.SymbolicTensor, stem]);
      x = L.globalAveragePooling2d({}).apply(L.reLU().apply(bn().apply(x)));
      const kernelInitializer = tf.initializers.heNormal({ seed: 4 });
      const y = L.dense({ units: 5, kernelInitializer, activation: 'softmax' }).apply(x) as tf.SymbolicTensor;
      return tf.model({ inputs: input, outputs: y });
    }

    /** Batch norm that is read by ReLU, by another layer, and as an output of the model. */
    function readTwice(): tf.LayersModel {
      const input = tf.input({ shape: [6] });
      const norm = bn().apply(L.dense({ units: 4, useBias: false, kernelInitializer: tf.initializers.heNormal({ seed: 1 }) }).apply(input)) as tf.SymbolicTensor; // prettier-ignore
      const relu = L.reLU().apply(norm) as tf.SymbolicTensor;
      const last = bn().apply(L.concatenate().apply([norm, relu])) as tf.SymbolicTensor;
      return tf.model({ inputs: input, outputs: [L.reLU().apply(last) as tf.SymbolicTensor, last] });
    }

    function nested(): tf.LayersModel {
      const inner = tf.sequential({
        layers: [L.dense({ units: 6, useBias: false, inputShape: [6], kernelInitializer: tf.initializers.heNormal({ seed: 2 }) }), bn(), L.reLU()], // prettier-ignore
      });
      const input = tf.input({ shape: [6] });
      const once = inner.apply(input) as tf.SymbolicTensor;
      return tf.model({ inputs: input, outputs: inner.apply(once) as tf.SymbolicTensor });
    }

    const MODELS: [string, () => tf.LayersModel][] = [
      ['with residuals', residual],
      ['whose batch norm is read twice', readTwice],
      ['with a model inside, used twice', nested],
    ];

    async function trained(make: () => tf.LayersModel) {
      const model = make();
      model.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError' });
      const batch = (shape: tf.Shape, seed: number) =>
        tf.randomNormal([12, ...(shape.slice(1) as number[])], 0, 1, 'float32', seed);
      const x = batch(model.inputs[0].shape, 5);
      const y = model.outputs.map((output, i) => batch(output.shape, 6 + i));
      const losses: number[] = [];
      for (let step = 0; step < 3; step++) {
        losses.push(...[await model.trainOnBatch(x, y.length === 1 ? y[0] : y)].flat().slice(0, 1));
      }
      const training = model.apply(x, { training: true }) as tf.Tensor | tf.Tensor[];
      const outputs = [training].flat().map((output) => output.dataSync());
      const weights = model.getWeights().map((weight) => weight.dataSync());
      tf.dispose([x, ...y, training]);
      model.dispose();
      return { losses, outputs, weights };
    }

    it.each(MODELS)('%s: the same losses, outputs, weights and moving statistics', async (_, make) => {
      const stock = await trained(make);
      accelerate();
      const fast = await trained(make);
      expect(relativeError(fast.losses, stock.losses)).toBeLessThan(1e-5);
      for (const list of ['outputs', 'weights'] as const) {
        expect(fast[list]).toHaveLength(stock[list].length);
        // Three steps, each starting from the roundings of the one before.
        stock[list].forEach((each, i) => expect(relativeError(fast[list][i], each)).toBeLessThan(1e-4));
      }
    });

    it('leaves no tensor behind in fit', async () => {
      accelerate();
      const model = residual();
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      const x = tf.randomNormal([8, 8, 8, 3]);
      const y = tf.randomNormal([8, 5]);
      await model.fit(x, y, { epochs: 1, verbose: 0 });
      const before = tf.memory().numTensors;
      await model.fit(x, y, { epochs: 1, verbose: 0 });
      expect(tf.memory().numTensors).toBe(before);
      tf.dispose([x, y]);
      model.dispose();
    });

    it('takes ReLU into the batch norm before it where nothing else reads that', () => {
      accelerate();
      const model = residual();
      const x = tf.randomNormal([2, 8, 8, 3]);
      let relu = 0;
      let batchNormRelu = 0;
      tf.tidy(() => {
        const profile = tf.engine() as unknown as { state: { profiling: boolean; activeProfile: unknown } };
        profile.state.activeProfile = { newBytes: 0, newTensors: 0, peakBytes: 0, kernels: [], result: null, get kernelNames() { return []; } }; // prettier-ignore
        profile.state.profiling = true;
        model.apply(x, { training: true });
        profile.state.profiling = false;
        for (const { name } of (profile.state.activeProfile as { kernels: { name: string }[] }).kernels) {
          if (name === 'Relu') relu++;
          if (name === 'BatchNormReluTraining') batchNormRelu++;
        }
      });
      expect(batchNormRelu).toBe(3);
      // Where the kernel is composed, it calls ReLU itself.
      expect(relu).toBe(backend === 'tensorflow' ? 0 : 3);
      x.dispose();
      model.dispose();
    });
  });
});
