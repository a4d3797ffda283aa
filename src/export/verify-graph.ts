import * as tf from '@tensorflow/tfjs';
import { checkGraph, checkModel } from '../check-kinds';
import { CardinalError } from '../errors';
import type { Graph } from '../graph/graph';
import { GraphRunner } from '../graph/graph-runner';
import { lowerEveryLayer } from '../graph/lower-model';
import {
  LARGEST_FLOAT32_DIFFERENCE,
  predictionDifference,
  predictOf,
  relativeDifference,
  type Predict,
} from './prediction-difference';
import { probeInputs } from './noise-images';

// Two images, as something along the batch does not show with one.
const COUNT = 2;
const SEED = 1;

/**
 * Compares a graph with the model that it was lowered from: both are run once, on the current backend, on the same two seeded
 * images. {@link optimizeForInference} and `cardinal export` do so by themselves; `toOnnx`, `toGraphModel` and
 * `toSavedModel` are given a graph and no model, so whoever calls them calls this.
 *
 * @returns how far the two are apart, by the largest output of the model
 * @throws InvalidArgumentError for what is no model and no graph
 * @throws CardinalError if they are apart by more than rounding explains, naming the first layer that is
 *
 * @example
 * const graph = foldBatchNorm(lowerModel(model));
 * await verifyGraph(model, graph);
 * await writeFile('model.onnx', toOnnx(graph));
 */
export async function verifyGraph(model: tf.LayersModel, graph: Graph): Promise<number> {
  checkModel('verifyGraph', model);
  checkGraph('verifyGraph', graph);
  const runner = new GraphRunner(graph);
  try {
    const runGraph = (inputs: readonly tf.Tensor[]) => Promise.resolve(runner.run(inputs));
    return await comparisonWith(model)('its graph', runGraph);
  } finally {
    runner.dispose();
  }
}

/** Runs something in a model's place; the tensors are the caller's to dispose. */
export type Run = (inputs: readonly tf.Tensor[]) => Promise<readonly tf.Tensor[]>;

/**
 * Compares with a model, which is run once, whatever is to predict the same.
 *
 * @returns a function as {@link verifyGraph}, of what predicts and what it is called
 */
export function comparisonWith(model: tf.LayersModel): (by: string, run: Run) => Promise<number> {
  const shapes = model.inputs.map(({ shape }) => shape);
  let known: ReturnType<Predict> | undefined;
  const predict: Predict = (inputs) => (known ??= predictOf(model)(inputs));
  return async (by, run) => {
    const options = { batches: [COUNT], seed: SEED };
    const { largest } = await predictionDifference(predict, valuesOf(run), shapes, options);
    if (largest <= LARGEST_FLOAT32_DIFFERENCE) return largest;
    const apart = `${by} predicts otherwise than ${model.name} does, by ${largest.toPrecision(2)} of the largest output`;
    const layer = await firstOtherwise(model);
    if (layer === undefined) throw new CardinalError(apart);
    throw new LoweringError(
      `${apart}: layer ${layer.name} (${layer.getClassName()}) is the first to be lowered to something else than it computes`,
    );
  };
}

/** A layer was lowered to something else than it computes, whatever runs that. */
export class LoweringError extends CardinalError {}

function valuesOf(run: Run): Predict {
  return async (inputs) => {
    const outputs = await run(inputs);
    try {
      return await Promise.all(outputs.map((output) => output.data()));
    } finally {
      tf.dispose([...outputs]);
    }
  };
}

/** The first layer whose output differs from the value that a graph has in its place. */
async function firstOtherwise(model: tf.LayersModel): Promise<tf.layers.Layer | undefined> {
  const { graph, layers } = lowerEveryLayer(model);
  const outputs = layers.map(({ output }) => output);
  const shapes = model.inputs.map(({ shape }) => shape);
  // It has the layers of the model, which are not its own to dispose.
  const everyLayer = tf.model({ inputs: model.inputs, outputs, name: `${model.name}_layers` });
  const runner = new GraphRunner(graph);
  const inputs = probeInputs(shapes, COUNT, SEED);
  try {
    const expected = await predictOf(everyLayer)(inputs);
    const values = await valuesOf((given) => Promise.resolve(runner.run(given)))(inputs);
    return layers.find(({ value }, i) => {
      const difference = relativeDifference(expected[i], values[graph.outputs.indexOf(value)]);
      return !(difference <= LARGEST_FLOAT32_DIFFERENCE);
    })?.layer;
  } finally {
    runner.dispose();
    tf.dispose(inputs);
  }
}
