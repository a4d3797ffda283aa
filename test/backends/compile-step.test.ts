import * as tf from '@tensorflow/tfjs';
import { createModel, type ModelName, type ModelOptions } from '../../models';
import { accelerate, restore } from '../../src/backends/accelerate';
import { NotCompilableError, stepCompiler, type Step } from '../../src/backends/step-compiler';
import { useBackend } from '../../src/backends/use-backend-node';
import { softTargets } from '../../src/train/targets';
import { createOptimizer } from '../../src/train/create-optimizer';
import { resolveRecipe } from '../../src/train/recipe';
import { TrainingStep } from '../../src/train/training-step';
import { readWeights, trainableParameters } from '../../src/train/weights';
import { HAS_NATIVE } from '../support/backends';

// Only libtensorflow runs graphs.
const describeNative = HAS_NATIVE ? describe : describe.skip;

const unchanged = () => undefined;

function compile(step: Step, inputs: tf.Tensor[], between: (attempt: number) => void = unchanged) {
  const compiler = stepCompiler();
  if (compiler === undefined) throw new Error('the backend has no compiler');
  return compiler(step, inputs, between);
}

test('a backend other than tensorflow has no compiler', async () => {
  await useBackend('cpu');
  expect(stepCompiler()).toBeUndefined();
});

describeNative('a compiled step', () => {
  beforeAll(async () => {
    await useBackend('tensorflow');
  });

  test('does what the step does, with variables that it reads and assigns, for every input', () => {
    const before = tf.memory().numTensors;
    const weight = tf.tidy(() => tf.variable(tf.tensor1d([1, 2, 3])));
    // A clone shares its tensor, which the graph must not take for the same variable.
    const twin = tf.tidy(() => tf.variable(weight.clone(), false));
    const untouched = tf.tidy(() => tf.variable(tf.tensor1d([9])));
    const step: Step = ([x, rate]) => {
      const moved = tf.tidy(() => weight.sub(x.mul(rate)));
      weight.assign(moved as tf.Tensor1D);
      const sum = tf.tidy(() => weight.add(twin).sum());
      twin.assign(tf.tidy(() => twin.add(weight).expandDims(0).squeeze([0])) as tf.Tensor1D);
      return [sum];
    };
    const inputs = [tf.tensor1d([1, 1, 1]), tf.scalar(0.5)];
    const compiled = compile(step, inputs);
    expect([...weight.dataSync()]).toEqual([1, 2, 3]);
    expect([...twin.dataSync()]).toEqual([1, 2, 3]);

    const discarded = compiled.run(inputs);
    expect([...discarded.outputs[0].dataSync()]).toEqual([0.5 + 1.5 + 2.5 + 6]);
    discarded.discard();
    tf.dispose(discarded.outputs);
    expect([...weight.dataSync()]).toEqual([1, 2, 3]);

    const other = [tf.tensor1d([1, 0, -1]), tf.scalar(2)];
    for (let i = 0; i < 3; i++) {
      const { outputs, commit } = compiled.run(other);
      commit();
      tf.dispose(outputs);
    }
    expect([...weight.dataSync()]).toEqual([1 - 6, 2, 3 + 6]);
    expect([...twin.dataSync()]).toEqual([1 + (-1 - 3 - 5), 2 + 6, 3 + (5 + 7 + 9)]);
    expect([...untouched.dataSync()]).toEqual([9]);
    const short = tf.tensor1d([1]);
    expect(() => compiled.run([short, inputs[1]])).toThrow('input 0 is of shape [1]: compiled for [3]');
    compiled.dispose();
    tf.dispose([...inputs, ...other, short, weight, twin, untouched]);
    expect(tf.memory().numTensors).toBe(before);
  });

  const captured = () => tf.tensor1d([3, 4]);
  test.each<[string, (x: tf.Tensor, variable: tf.Variable, outer: tf.Tensor) => tf.Tensor, string]>([
    [
      'draws random numbers',
      (x) => tf.mul(x, tf.randomUniform([2])),
      'a constant of another value each time',
    ],
    ['reads values', (x) => tf.mul(x, x.dataSync()[0]), 'reads the values of a tensor'],
    ['captures a tensor', (x, _, outer) => tf.mul(x, outer), 'neither an input nor a variable'],
    ['puts out what it was not given', () => tf.tensor1d([1, 2]), 'that it did not compute'],
  ])('is refused where the step %s, and variables keep their values', (_, work, message) => {
    const variable = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
    const x = tf.tensor1d([1, 2]);
    const outer = captured();
    outer.add(1).dispose();
    const before = tf.memory().numTensors;
    const step: Step = ([input]) => {
      variable.assign(tf.mul(input, 7) as tf.Tensor1D);
      return [work(input, variable, outer)];
    };
    expect(() => compile(step, [x])).toThrow(NotCompilableError);
    expect(() => compile(step, [x])).toThrow(message);
    expect([...variable.dataSync()]).toEqual([1, 2]);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([variable, x, outer]);
  });

  test('may find something out at its first run, by reading values too', () => {
    const x = tf.tensor1d([1, 2]);
    let found: number | undefined;
    const step: Step = ([input]) => {
      found ??= tf.tidy(() => tf.add(2, 3).dataSync()[0]);
      return [tf.mul(input, found)];
    };
    const compiled = compile(step, [x]);
    const { outputs, commit } = compiled.run([x]);
    commit();
    expect([...outputs[0].dataSync()]).toEqual([5, 10]);
    compiled.dispose();
    tf.dispose([x, ...outputs]);
  });

  test('is refused where the step depends on more than its inputs', () => {
    const x = tf.tensor1d([1, 2]);
    let factor = 0;
    const step: Step = ([input]) => [tf.mul(input, factor)];
    expect(() => compile(step, [x], (attempt) => (factor = attempt))).toThrow(
      'the step is not the same each time: it makes a constant of another value each time',
    );
    x.dispose();
  });

  test.each<[ModelName, 'sgd' | 'adamw', ModelOptions]>([
    ['resnext_toy', 'sgd', {}],
    ['mobilenet_toy', 'adamw', {}],
    ['regnet_y_toy', 'sgd', { dropRate: 0.4, dropPathRate: 0.5 }],
  ])(
    'trains %s by %s, %j as the step operation by operation does, and frees everything',
    (name, optimizer, options) => {
      accelerate();
      const images = tf.randomNormal([8, 32, 32, 3], 0, 1, 'float32', 1);
      const targets = tf.tensor2d(softTargets(Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7), 10, 0.1), [8, 10]);
      const trained = (compiled: boolean) => {
        const before = tf.memory().numTensors;
        const model = createModel(name, { seed: 1, ...options });
        const parameters = trainableParameters(model);
        const made = createOptimizer(resolveRecipe({ optimizer, weightDecay: 0.01 }), parameters);
        const refused: string[] = [];
        const step = new TrainingStep({
          model,
          parameters,
          optimizer: made,
          seed: 1,
          compile: compiled,
          onNotCompiled: (reason) => refused.push(reason),
        });
        const losses = [0.1, 0.05, 0.02].map((rate, i) => {
          const outcome = step.run({ images, targets }, optimizer === 'sgd' ? rate : rate / 100, i);
          outcome.commit();
          return outcome.loss;
        });
        expect(refused).toEqual([]);
        const weights = readWeights(model);
        step.dispose();
        made.dispose();
        model.dispose();
        expect(tf.memory().numTensors).toBe(before);
        return { losses, weights };
      };
      const eager = trained(false);
      const compiled = trained(true);
      eager.losses.forEach((loss, i) => expect(compiled.losses[i]).toBeCloseTo(loss, 5));
      expect(eager.losses[2]).not.toBeCloseTo(eager.losses[0], 2);
      for (const [weight, { data }] of eager.weights) {
        const other = compiled.weights.get(weight)?.data ?? [];
        const scale = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
        const apart = data.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i])), 0);
        expect([weight, apart / scale < 1e-3]).toEqual([weight, true]);
      }
      restore();
      tf.dispose([images, targets]);
    },
  );

  test('dropout is refused where layers draw by themselves, by name of the reason, and still trains', () => {
    const model = createModel('mobilenet_toy', { seed: 1, dropRate: 0.2 });
    const parameters = trainableParameters(model);
    const optimizer = createOptimizer(resolveRecipe({}), parameters);
    const refused: string[] = [];
    const onNotCompiled = (reason: string) => refused.push(reason);
    const step = new TrainingStep({ model, parameters, optimizer, seed: 1, compile: true, onNotCompiled });
    const images = tf.randomNormal([2, 32, 32, 3], 0, 1, 'float32', 1);
    const targets = tf.tensor2d(softTargets(Int32Array.of(0, 1), 10, 0), [2, 10]);
    for (let i = 0; i < 2; i++) step.run({ images, targets }, 0.1, i).commit();
    expect(refused).toEqual([expect.stringContaining('random mask')]);
    step.dispose();
    optimizer.dispose();
    model.dispose();
    tf.dispose([images, targets]);
  });
});
