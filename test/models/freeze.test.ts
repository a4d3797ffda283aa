import * as tf from '@tensorflow/tfjs';
import { freeze, unfreeze } from '../../models';
import { buildModel } from '../../models/create-model';
import { accelerate, restore } from '../../src/backends/accelerate';
import { train } from '../../src/train/train';
import { readWeights } from '../../src/train/weights';
import { describeOnBackends } from '../support/backends';
import { smallDataset } from '../train/small-problem';
import { madeFamily } from './made-family';

const build = () => buildModel(madeFamily, 'made_cifar', { seed: 1, numClasses: 3, inputShape: [8, 8, 3] });
const trained = (model: tf.LayersModel) => model.trainableWeights.map(({ originalName }) => originalName);

afterEach(restore);

describeOnBackends('freeze', () => {
  test('keeps what leads to a module, its batch norms included, and trains the rest', async () => {
    const model = build();
    freeze(model, 'layer2');
    const [rest, before] = [new Set(trained(model)), readWeights(model)];
    expect([...rest].sort()).toEqual(
      [3, 4]
        .flatMap((stage) =>
          ['conv1/kernel', 'bn1/gamma', 'bn1/beta', 'downsample.0/kernel'].map(
            (weight) => `layer${stage}.0.${weight}`,
          ),
        )
        .concat('fc/bias', 'fc/kernel')
        .sort(),
    );
    const data = { train: smallDataset(32) };
    await train(model, data, { epochs: 2, batchSize: 8, learningRate: 0.05, padCrop: 0, ema: 0.9 });
    for (const [name, { data: values }] of readWeights(model)) {
      const stays = /^(conv1|bn1|layer[12])[./]/.test(name);
      const same = values.every((value, i) => value === before.get(name)?.data[i]);
      if (same !== stays) throw new Error(`${name} ${same ? 'stayed' : 'changed'}`);
    }
    model.dispose();
  });

  test.each([
    ['stock tfjs', false],
    ['accelerate()', true],
  ])('a frozen batch norm goes by its moving statistics under %s', (_, accelerated) => {
    const model = build();
    for (const name of ['bn1', 'layer1.0.bn1']) {
      const layer = model.getLayer(name);
      const [gamma, beta] = layer.getWeights();
      const channels = gamma.shape;
      layer.setWeights([gamma, beta, tf.fill(channels, 0.3), tf.fill(channels, 2)]);
    }
    const stage = tf.model({
      inputs: model.inputs,
      outputs: model.getLayer('layer1.0.relu1').output as tf.SymbolicTensor,
    });
    if (accelerated) accelerate();
    const x = tf.randomNormal([4, 8, 8, 3], 0, 1, 'float32', 2);
    const run = (training: boolean) =>
      tf.tidy(() => (stage.apply(x, { training }) as tf.Tensor).dataSync().slice());
    const furthest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])));
    const inference = run(false);
    freeze(model, 'layer1');
    expect(furthest(run(true), inference)).toBeLessThan(1e-6);
    unfreeze(model);
    expect(furthest(run(true), inference)).toBeGreaterThan(0.1);
    x.dispose();
    model.dispose();
  });
});

test('accelerate() respects a batch norm that was set untrainable by hand, and trains what comes before it', () => {
  accelerate();
  const model = build();
  const bn = model.getLayer('layer1.0.bn1');
  bn.trainable = false;
  const moving = () => bn.getWeights().map((weight) => weight.dataSync().slice());
  const before = moving();
  tf.tidy(() => {
    const x = tf.randomNormal([4, 8, 8, 3], 0, 1, 'float32', 2);
    const { grads } = tf.variableGrads(
      () => (model.apply(x, { training: true }) as tf.Tensor).square().mean() as tf.Scalar,
      model.trainableWeights.map((weight) => weight.read() as tf.Variable),
    );
    const conv = model.getLayer('conv1').trainableWeights[0];
    expect(grads[conv.name].abs().max().dataSync()[0]).toBeGreaterThan(0);
  });
  expect(moving()).toEqual(before);
  expect(trained(model)).not.toContain('layer1.0.bn1/gamma');
  model.dispose();
});

test('a layer within a block freezes what leads to it, not its neighbours; unfreeze takes all back', () => {
  const model = build();
  const all = trained(model);
  freeze(model, 'layer1.0.conv1');
  expect(all.filter((name) => !trained(model).includes(name))).toEqual([
    'conv1/kernel',
    'bn1/gamma',
    'bn1/beta',
    'layer1.0.conv1/kernel',
  ]);
  unfreeze(model);
  expect(trained(model)).toEqual(all);
  expect(Object.hasOwn(model.getLayer('bn1'), 'call')).toBe(false);
  model.dispose();
});

test('an unknown module is an error that suggests the nearest, and nothing is frozen', () => {
  const model = build();
  const all = trained(model);
  expect(() => freeze(model, 'layre2')).toThrow(
    "untilModule: expected a module of made_cifar, such as 'layer1', 'layer2', 'layer4' (did you mean 'layer2'?). Received: 'layre2'.",
  );
  // Whole names only: 'layer' is no module.
  expect(() => freeze(model, 'layer')).toThrow("(did you mean 'layer");
  expect(() => freeze(model, '')).toThrow("Received: ''.");
  expect(trained(model)).toEqual(all);
  model.dispose();
});
