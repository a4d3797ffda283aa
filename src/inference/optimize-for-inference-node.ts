import * as tf from '@tensorflow/tfjs';
import { checkModel } from '../check-kinds';
import { checkOptions, type OptionNames } from '../check-options';
import { CardinalError, check, unknownChoice } from '../errors';
import { comparisonWith, LoweringError } from '../export/verify-graph';
import { foldBatchNorm } from '../graph/fold-batch-norm';
import type { Graph } from '../graph/graph';
import { lowerModel } from '../graph/lower-model';
import { ENGINE_NAMES, type EngineName, type InferenceEngine } from './engine';
import { onnxruntimeEngine } from './onnxruntime-engine-node';
import { tensorflowEngine } from './tensorflow-engine-node';
import { tfjsEngine } from './tfjs-engine';

const ENGINES: Readonly<Record<EngineName, (graph: Graph) => Promise<InferenceEngine>>> = {
  tfjs: tfjsEngine,
  tensorflow: tensorflowEngine,
  onnxruntime: onnxruntimeEngine,
};

/** What can be chosen of {@link optimizeForInference}. */
export interface OptimizeOptions {
  /** `'auto'` by default: the fastest that is there for this model. */
  engine?: EngineName | 'auto';
  /** Images at a time that `'auto'` measures with; 1 by default. */
  batchSize?: number;
}

const OPTIONS: OptionNames<OptimizeOptions> = { engine: true, batchSize: true };

/** An engine that `'auto'` tried: its time, or why it could not be used. */
export interface Tried {
  readonly engine: EngineName;
  /** For one batch, the least of some. */
  readonly milliseconds?: number;
  readonly reason?: string;
}

/** A model made ready to predict fast. It keeps the weights that the model had, and no part of the model. */
export interface OptimizedModel {
  readonly engine: EngineName;
  /** What `'auto'` chose from; empty where an engine was asked for. */
  readonly tried: readonly Tried[];
  /**
   * What `model.predict` gives for these images, within rounding; the caller's to dispose.
   *
   * @param images `[batch, height, width, channels]`, any batch
   * @throws InvalidArgumentError for images of another size than the model's
   */
  predict(images: tf.Tensor4D): Promise<tf.Tensor | tf.Tensor[]>;
  dispose(): Promise<void>;
}

/**
 * Makes a model ready to predict fast: batch norm folded into convolutions, what only training needs left out, and all of it
 * run by one engine:
 *
 * - `tfjs`: operation by operation, on whichever backend is current;
 * - `tensorflow`: as one graph of libtensorflow, which fuses operations (the `tensorflow` backend only);
 * - `onnxruntime`: by onnxruntime-node, a package to install beside this one.
 *
 * What an engine predicts is compared once with `model.predict`, for two seeded images; `'auto'` passes over one that differs.
 *
 * @throws InvalidArgumentError for an unknown engine, a model of several inputs or of free image size
 * @throws CardinalError for a layer that cannot be lowered, an engine that was asked for and is not there, or one that predicts
 *   otherwise than the model by more than rounding explains
 *
 * @example
 * const fast = await optimizeForInference(model);
 * fast.engine; // 'tensorflow'
 * const logits = await fast.predict(images);
 */
export async function optimizeForInference(
  model: tf.LayersModel,
  options: OptimizeOptions = {},
): Promise<OptimizedModel> {
  checkModel('optimizeForInference', model);
  checkOptions('optimizeForInference', options, OPTIONS);
  const { engine = 'auto', batchSize = 1 } = options;
  if (engine !== 'auto' && !ENGINE_NAMES.includes(engine)) {
    throw unknownChoice('engine', engine, ['auto', ...ENGINE_NAMES]);
  }
  const whole = Number.isSafeInteger(batchSize) && batchSize >= 1;
  check(whole, 'batchSize', 'a whole number of at least 1', batchSize);
  check(model.inputs.length === 1, 'model', 'one input', model.inputs.length);
  const graph = foldBatchNorm(lowerModel(model));
  const compare = comparisonWith(model);
  const { chosen, tried } =
    engine === 'auto'
      ? await fastest(graph, batchSize, compare)
      : { chosen: await compared(await ENGINES[engine](graph), compare), tried: [] };
  return {
    engine: chosen.name,
    tried,
    predict: async (images) => {
      const outputs = await chosen.predict(images);
      return outputs.length === 1 ? outputs[0] : outputs;
    },
    dispose: async () => chosen.dispose(),
  };
}

type Compare = ReturnType<typeof comparisonWith>;

/** An engine that predicts what the model predicts; another one is disposed. */
async function compared(engine: InferenceEngine, compare: Compare): Promise<InferenceEngine> {
  try {
    await compare(`the ${engine.name} engine`, ([images]) => engine.predict(images as tf.Tensor4D));
    return engine;
  } catch (error) {
    await engine.dispose();
    throw error;
  }
}

const ROUNDS = 5;

/** Tries the engines in turns, so that a moment's load on the machine meets all of them. */
async function fastest(
  graph: Graph,
  batchSize: number,
  compare: Compare,
): Promise<{ chosen: InferenceEngine; tried: Tried[] }> {
  const candidates: { engine: InferenceEngine; milliseconds: number }[] = [];
  const tried: Tried[] = [];
  const [input] = graph.nodes.filter(({ op }) => op === 'input');
  const images = tf.randomNormal<tf.Rank.R4>([
    batchSize,
    ...(input.shape.slice(1) as [number, number, number]),
  ]);
  try {
    for (const name of ENGINE_NAMES) {
      try {
        const engine = await compared(await ENGINES[name](graph), compare);
        // The first runs lay out weights and grow buffers.
        await timed(engine, images);
        candidates.push({ engine, milliseconds: Infinity });
      } catch (error) {
        // No engine runs that rightly.
        if (error instanceof LoweringError) throw error;
        tried.push({ engine: name, reason: (error as Error).message });
      }
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const candidate of candidates) {
        candidate.milliseconds = Math.min(candidate.milliseconds, await timed(candidate.engine, images));
      }
    }
  } finally {
    images.dispose();
  }
  candidates.sort((a, b) => a.milliseconds - b.milliseconds);
  const [best, ...others] = candidates;
  if (best === undefined) {
    const reasons = tried.map(({ engine, reason }) => `${engine}: ${reason}`);
    throw new CardinalError(`no engine runs ${graph.name}: ${reasons.join('; ')}`);
  }
  for (const { engine } of others) await engine.dispose();
  tried.push(...candidates.map(({ engine, milliseconds }) => ({ engine: engine.name, milliseconds })));
  return { chosen: best.engine, tried };
}

async function timed(engine: InferenceEngine, images: tf.Tensor4D): Promise<number> {
  const start = performance.now();
  const outputs = await engine.predict(images);
  await Promise.all(outputs.map((output) => output.data()));
  const milliseconds = performance.now() - start;
  tf.dispose(outputs);
  return milliseconds;
}
