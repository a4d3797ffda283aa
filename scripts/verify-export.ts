import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';
import type * as Onnxruntime from 'onnxruntime-node';

import { loadTfjsNode } from '../src/backends/tensorflow/load-tfjs-node';
import { CardinalError } from '../src/errors';
import { layersModelArtifacts } from '../src/export/layers-model';
import {
  LARGEST_FLOAT32_DIFFERENCE,
  predictionDifference,
  predictOf,
  type Predict,
} from '../src/export/prediction-difference';
import { LARGEST_QUANTISED_DIFFERENCE, type QuantisedDtype } from '../src/export/quantise';
import { verifyGraph } from '../src/export/verify-graph';
import type { Graph } from '../src/graph/graph';
import type { TensorflowGraph } from '../src/export/tensorflow-nodes';
import { loadOnnxruntime } from '../src/export/load-onnxruntime-node';
import { loadTorchWeights } from '../src/import/torch-weights-node';

/** How an export was tried out, or why it could not be. */
export type Verification =
  | {
      /** Images that the model and the export were both run on, at more than one batch size where the format has them free. */
      readonly images: number;
      /** What ran the export. */
      readonly by: string;
      /** Of two outputs for the same image, by the largest output of the model. */
      readonly largestDifference: number;
    }
  | { readonly unverified: string };

/** What runs an export that was read back. */
export interface Runtime {
  readonly by: string;
  readonly predict: Predict;
  dispose(): void | Promise<void>;
}

/** Reads an export back, or says what is missing to do so. */
export type ReadBack = (path: string) => Promise<Runtime | { readonly unverified: string }>;

const PROBE = { batches: [3, 1], seed: 1 };

export interface VerifyOptions {
  /** What kernels were stored as. */
  readonly quantize?: QuantisedDtype;
  /** What the export was made from, to be compared with the model where nothing can read the export back. */
  readonly graph?: Graph;
}

/**
 * Runs a model and what was exported of it on the same seeded images, at two batch sizes.
 *
 * @throws CardinalError if they predict otherwise
 */
export async function verifyExport(
  model: tf.LayersModel,
  path: string,
  readBack: ReadBack,
  { quantize, graph }: VerifyOptions = {},
): Promise<Verification> {
  const runtime = await readBack(path);
  if ('unverified' in runtime) {
    // What the file was made from can be run in any case.
    if (graph !== undefined) await verifyGraph(model, graph);
    return runtime;
  }
  try {
    const shapes = model.inputs.map(({ shape }) => shape);
    const { images, largest } = await predictionDifference(predictOf(model), runtime.predict, shapes, PROBE);
    const limit =
      quantize === undefined ? LARGEST_FLOAT32_DIFFERENCE : LARGEST_QUANTISED_DIFFERENCE[quantize];
    if (!(largest <= limit)) {
      throw new CardinalError(
        `nothing was written: ${runtime.by} predicts otherwise than ${model.name} does, by ${largest.toPrecision(2)}`,
      );
    }
    return { images, by: runtime.by, largestDifference: largest };
  } finally {
    await runtime.dispose();
  }
}

/** A GraphModel folder in stock tfjs, on the backend that the model runs on. */
export async function readGraphModel(folder: string): Promise<Runtime> {
  const json = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as tf.io.ModelJSON;
  const paths = json.weightsManifest.flatMap(({ paths }) => paths);
  const chunks = await Promise.all(paths.map((path) => readFile(join(folder, path))));
  const { weightsManifest, ...artifacts } = json;
  const model = await tf.loadGraphModel(
    tf.io.fromMemory({
      ...artifacts,
      weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
      weightData: Uint8Array.from(Buffer.concat(chunks)).buffer,
    }),
  );
  return {
    by: `tf.loadGraphModel on ${tf.getBackend()}`,
    predict: predictOf(model),
    dispose: () => model.dispose(),
  };
}

/** A SavedModel folder in libtensorflow. Its signature has no order, so that inputs and outputs go by their keys. */
export function readSavedModel({ inputs, outputs }: TensorflowGraph): ReadBack {
  return async (folder) => {
    // tfjs-node runs none unless its own backend is the current one.
    if (tf.getBackend() !== 'tensorflow') {
      return { unverified: `no TensorFlow runs here, only the ${tf.getBackend()} backend` };
    }
    const model = await loadTfjsNode().node.loadSavedModel(folder);
    const predict: Predict = async (given) => {
      const fed = Object.fromEntries(inputs.map(({ key }, i) => [key, given[i]]));
      const made = model.predict(fed) as tf.Tensor | tf.NamedTensorMap;
      const tensors = made instanceof tf.Tensor ? [made] : outputs.map(({ key }) => made[key]);
      try {
        return await Promise.all(tensors.map((tensor) => tensor.data()));
      } finally {
        tf.dispose(tensors);
      }
    };
    return { by: 'tf.node.loadSavedModel', predict, dispose: () => model.dispose() };
  };
}

/** An ONNX file, images channels first, in ONNX Runtime where that is installed. */
export const readOnnx: ReadBack = async (file) => {
  const onnxruntime = onnxruntimeOrReason();
  if (typeof onnxruntime === 'string') return { unverified: onnxruntime };
  const { InferenceSession, Tensor } = onnxruntime;
  const session = await InferenceSession.create(file, { logSeverityLevel: 3 });
  const predict: Predict = async (inputs) => {
    const feeds: Record<string, Onnxruntime.Tensor> = {};
    for (const [i, name] of session.inputNames.entries()) {
      const first = channelsFirst(inputs[i]);
      feeds[name] = new Tensor('float32', Float32Array.from(await first.data()), first.shape);
      first.dispose();
    }
    const made = await session.run(feeds);
    return session.outputNames.map((name) => channelsLast(made[name]));
  };
  return { by: 'onnxruntime-node', predict, dispose: () => session.release() };
};

/** A safetensors file under PyTorch's names, in a copy of the model whose own weights are taken away first. */
export function readTorchWeights(model: tf.LayersModel): ReadBack {
  return async (file) => {
    const copy = await tf.loadLayersModel(tf.io.fromMemory(await layersModelArtifacts(model)));
    try {
      tf.tidy(() => copy.weights.forEach((weight) => weight.write(tf.zerosLike(weight.read()))));
      await loadTorchWeights(copy, file);
    } catch (error) {
      copy.dispose();
      throw error;
    }
    return {
      by: `the model with these weights, on ${tf.getBackend()}`,
      predict: predictOf(copy),
      dispose: () => void copy.dispose(),
    };
  };
}

function onnxruntimeOrReason(): typeof Onnxruntime | string {
  try {
    return loadOnnxruntime();
  } catch (error) {
    return (error as Error).message;
  }
}

function channelsFirst(images: tf.Tensor): tf.Tensor {
  return images.rank === 4 ? tf.transpose(images, [0, 3, 1, 2]) : images.clone();
}

function channelsLast({ data, dims }: Onnxruntime.Tensor): ArrayLike<number> {
  const values = data as Float32Array;
  if (dims.length !== 4) return values;
  return tf.tidy(() => tf.transpose(tf.tensor(values, [...dims]), [0, 2, 3, 1]).dataSync());
}
