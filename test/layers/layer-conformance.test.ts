import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { accelerate, restore } from '../../src/backends/accelerate';
import { describeOnBackends, expectNoLeak } from '../support/backends';
import { relativeError } from '../support/grouped-conv2d-oracle';
import { LAYER_CASES, type LayerCase } from './layer-cases';
import { savedAndLoaded } from '../support/saved-and-loaded';

afterEach(restore);

const BATCH = 4;

/** A model of the layer alone, with every option set. */
function modelOf(each: LayerCase, args: object = {}): tf.LayersModel {
  const input = tf.input({ shape: [...each.inputShape] });
  const layer = each.make({ ...each.options, name: 'layer', ...args });
  return tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor | tf.SymbolicTensor[] });
}

/** One that trains every weight. */
const trainableOf = (each: LayerCase) => modelOf(each, each.training);

function images(each: LayerCase): tf.Tensor {
  return tf.randomNormal([BATCH, ...each.inputShape], 0.3, 1.5, 'float32', 3);
}

/** A weighted sum of all outputs and what the regularisers add. A sum alone would hide errors. */
function lossOf(model: tf.LayersModel, x: tf.Tensor): tf.Scalar {
  const outputs = [model.apply(x, { training: true }) as tf.Tensor | tf.Tensor[]].flat();
  const terms = outputs.map((y, i) => tf.sum(tf.mul(y, tf.randomNormal(y.shape, 0, 1, 'float32', 20 + i))));
  return tf.addN([...terms, ...model.calculateLosses()]) as tf.Scalar;
}

const nameWithin = (weight: tf.LayerVariable) => weight.originalName.replace(/^layer\//, '');

function valuesOf(model: tf.LayersModel): Map<string, Float32Array> {
  return new Map(model.weights.map((weight) => [nameWithin(weight), weight.read().dataSync().slice() as Float32Array]));
} // prettier-ignore

const plain = <T>(value: T) => JSON.parse(JSON.stringify(value)) as T;

test('every layer of src/layers that can be saved is in the table', () => {
  const folder = join(__dirname, '../../src/layers');
  const registered = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .flatMap((source) =>
      [...source.matchAll(/class (\w+) extends tf\.layers\.Layer\b/g)].map(([, name]) => name),
    );
  const known = LAYER_CASES.map(({ className }) => className);
  expect(registered.length).toBeGreaterThan(7);
  expect(known).toEqual(expect.arrayContaining(registered));
});

describe.each(LAYER_CASES)('$className', (each) => {
  const args = {
    ...each.options,
    ...each.savedOnly,
    name: 'a.layer',
    trainable: false,
    inputShape: [...each.inputShape],
  };

  test('its config has every option, none at its default, and makes the same layer', () => {
    const layer = each.make(args);
    expect(layer.getClassName()).toBe(each.className);
    const config = plain(layer.getConfig());
    const byDefault = plain(each.make(each.required).getConfig());
    const { inputShape, ...options } = args;
    for (const option of Object.keys(options)) {
      expect([option, config[option]]).not.toEqual([option, undefined]);
      expect([option, config[option]]).not.toEqual([option, byDefault[option]]);
    }
    // Nor is there an option that the table forgot: all but these is as it was asked for.
    expect(Object.keys(config).sort()).toEqual([...Object.keys(options), 'batchInputShape', 'dtype'].sort());
    expect(config.batchInputShape).toEqual([null, ...inputShape]);
    const Class = layer.constructor as tf.serialization.SerializableConstructor<tf.layers.Layer>;
    const again = Class.fromConfig(Class, plain(config));
    expect(again.getClassName()).toBe(each.className);
    expect(plain(again.getConfig())).toEqual(config);
  });

  test('its weights, by name and shape', () => {
    const model = trainableOf(each);
    const found = Object.fromEntries(model.weights.map((weight) => [nameWithin(weight), weight.shape]));
    expect(found).toEqual(each.weights);
    const count = Object.values(each.weights).reduce((sum, shape) => sum + tf.util.sizeFromShape([...shape]), 0);
    expect(model.countParams()).toBe(count);
    model.layers[1].trainable = false;
    expect(model.trainableWeights).toEqual([]);
    model.dispose();
  }); // prettier-ignore

  test('building, calling and disposing leave nothing behind', () => {
    const x = images(each);
    expectNoLeak(() => {
      const model = modelOf(each);
      tf.dispose(model.predict(x));
      tf.dispose(model.apply(x, { training: true }) as tf.Tensor[]);
      model.dispose();
    });
    x.dispose();
  });
});

describeOnBackends('layers', () => {
  describe.each(LAYER_CASES)('$className', (each) => {
    it('says the output shape, before and after it is built, that it then computes', () => {
      const layer = each.make({ ...each.options, name: 'layer' });
      const shapes = (value: tf.Shape | tf.Shape[]) => (Array.isArray(value[0]) ? value : [value]) as tf.Shape[];
      const expected = each.outputShapes.map((shape) => [null, ...shape]);
      expect(shapes(layer.computeOutputShape([null, ...each.inputShape]))).toEqual(expected);
      const symbols = [layer.apply(tf.input({ shape: [...each.inputShape] })) as tf.SymbolicTensor].flat();
      expect(symbols.map(({ shape }) => shape)).toEqual(expected);
      tf.tidy(() => {
        const y = [layer.apply(images(each)) as tf.Tensor].flat();
        expect(y.map(({ shape }) => shape)).toEqual(each.outputShapes.map((shape) => [BATCH, ...shape]));
        expect(y.map(({ dtype }) => dtype)).toEqual(y.map(() => 'float32'));
      });
      layer.dispose();
    }); // prettier-ignore

    it('saves and loads to equal predictions', async () => {
      const model = modelOf(each, { trainable: false });
      const loaded = await savedAndLoaded(model);
      expect(plain(loaded.layers[1].getConfig())).toEqual(plain(model.layers[1].getConfig()));
      tf.tidy(() => {
        const x = images(each);
        const [expected, received] = [model, loaded].map((one) => [one.predict(x) as tf.Tensor].flat());
        // Not to the bit: tfjs applies constraints to weights that it loads, which rounds them.
        received.forEach((y, i) =>
          expect(relativeError(y.dataSync(), expected[i].dataSync())).toBeLessThan(1e-5),
        );
        expect(expected[0].abs().max().dataSync()[0]).toBeGreaterThan(0.01);
      });
      for (const one of [model, loaded]) one.dispose();
    });

    it.each([false, true])(
      'a training step moves every weight and leaks nothing; accelerated: %p',
      (fast) => {
        if (fast) accelerate();
        const model = trainableOf(each);
        const x = images(each);
        const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
        const optimizer = tf.train.sgd(0.1);
        const step = () => {
          if (variables.length > 0) return void optimizer.minimize(() => lossOf(model, x), false, variables);
          tf.dispose(tf.grad((x) => lossOf(model, x))(x));
        };
        const before = valuesOf(model);
        step();
        for (const [name, values] of valuesOf(model)) {
          expect([name, values.every(Number.isFinite)]).toEqual([name, true]);
          if (name === 'pointwise/bias') continue;
          // Each element, not one of them.
          const still = values.filter((value, i) => value === before.get(name)?.[i]).length;
          expect([name, still]).toEqual([name, 0]);
        }
        expectNoLeak(step);
        optimizer.dispose();
        x.dispose();
        model.dispose();
      },
    );

    it.each([false, true])('its gradients are what finite differences say; accelerated: %p', (fast) => {
      if (fast) accelerate();
      const model = trainableOf(each);
      tf.tidy(() => {
        const x = tf.variable(images(each));
        const variables = new Map([['x', x]]);
        for (const weight of model.trainableWeights) variables.set(nameWithin(weight), weight.read() as tf.Variable);
        const { grads } = tf.variableGrads(() => lossOf(model, x), [...variables.values()]);
        for (const [name, variable] of variables) {
          if (each.withoutGradient?.includes(name)) continue;
          const direction = tf.randomNormal(variable.shape, 0, 1, 'float32', 11);
          const slope = tf.sum(tf.mul(grads[variable.name], direction)).dataSync()[0];
          const start = variable.clone();
          const lossAt = (distance: number) => {
            variable.assign(tf.add(start, tf.mul(direction, distance)));
            return lossOf(model, x).dataSync()[0];
          };
          const h = 4e-3;
          // Of fourth order, so that h can be large enough for float32.
          const difference =
            (8 * (lossAt(h) - lossAt(-h)) - (lossAt(2 * h) - lossAt(-2 * h))) / (12 * h);
          variable.assign(start);
          const size = tf.norm(grads[variable.name]).dataSync()[0];
          expect(size).toBeGreaterThan(1e-3);
          expect([name, Math.abs(slope - difference) / size < 5e-3]).toEqual([name, true]);
        }
        x.dispose();
      });
      model.dispose();
    }); // prettier-ignore
  });
});
