import * as tf from '@tensorflow/tfjs';
import type * as Onnxruntime from 'onnxruntime-node';

import { loadOnnxruntime } from '../export/load-onnxruntime-node';
import { noiseImages } from '../export/noise-images';
import type { OnnxModel } from '../export/onnx-messages';
import { predictOf } from '../export/prediction-difference';
import { inspectModel } from '../inspect/inspect-model';
import { OnnxError } from './onnx-error';

/** How an import was held against the file that it came of, or why it could not be. */
export type OnnxVerification =
  | {
      /** What ran the file. */
      readonly by: 'onnxruntime-node';
      /** Seeded images that file and import were both run on. */
      readonly images: number;
      /** Of two outputs for the same image, by the largest that ONNX Runtime puts out. */
      readonly largestDifference: number;
    }
  | { readonly unverified: string };

const LIMIT = 1e-4;
/** Where the file computes with 16 bits and the import with 32. */
const HALF_LIMIT = 2e-2;
/** What tfjs's `cpu` backend does in about a second. */
const MOST_MACS_ON_CPU = 2e8;
const SEED = 1;

/** Numbers of `TensorProto.DataType` in onnx.proto, by the name that ONNX Runtime has for what can be fed here. */
const FED = { 1: 'float32', 2: 'uint8', 6: 'int32', 7: 'int64', 11: 'float64' } as const;
const HALVES: readonly number[] = [10, 16];

type Port = NonNullable<OnnxModel['graph']>['input'][number];

/** A transposition from our axes to the file's; of images, from channels last to second. */
const FROM_IMAGES = [0, 3, 1, 2];

/**
 * Runs an ONNX file in ONNX Runtime, where that is installed, and what was imported of it in tfjs on the same seeded images.
 *
 * @param path of the file
 * @param file its content
 * @throws OnnxError naming the output that differs, and by how much
 */
export async function verifyOnnxImport(
  model: tf.LayersModel,
  path: string,
  file: OnnxModel,
): Promise<OnnxVerification> {
  const graph = file.graph as NonNullable<OnnxModel['graph']>;
  const given = new Set(graph.initializer.map(({ name }) => name));
  const ports = graph.input.filter(({ name }) => !given.has(name));
  const unfed = ports.find((port) => !(elementType(port) in FED));
  if (unfed !== undefined)
    return { unverified: `its input ${unfed.name} is of another type than images are` };
  if (tf.getBackend() === 'cpu' && inspectModel(model).macs > MOST_MACS_ON_CPU) {
    return { unverified: "the cpu backend would take long; useBackend('wasm') is faster" };
  }
  let session: Onnxruntime.InferenceSession;
  try {
    session = await loadOnnxruntime().InferenceSession.create(path, { logSeverityLevel: 4 });
  } catch (error) {
    return { unverified: firstLine(error) };
  }
  try {
    return await compared(model, path, { session, ports, names: graph.output.map(({ name }) => name), file });
  } finally {
    await session.release();
  }
}

interface Running {
  readonly session: Onnxruntime.InferenceSession;
  readonly ports: readonly Port[];
  readonly names: readonly string[];
  readonly file: OnnxModel;
}

async function compared(model: tf.LayersModel, path: string, running: Running): Promise<OnnxVerification> {
  const { ports, names, file } = running;
  const limit = hasHalves(file) ? HALF_LIMIT : LIMIT;
  const fixed = ports.map((port) => lengthsOf(port)[0]).find((batch) => batch !== undefined);
  let [images, largest] = [0, 0];
  for (const batch of fixed === undefined ? [2, 1] : [fixed]) {
    const inputs = model.inputs.map(({ shape }, i) =>
      probe([batch, ...(shape.slice(1) as number[])], ports[i], i),
    );
    try {
      const made = await predictOf(model)(inputs);
      const results = await inOnnxRuntime(model, inputs, running);
      if ('unverified' in results) return results;
      // Where lengths do not tell which way images lie, one of the ways is right.
      const ways = results.map((outputs) =>
        names.map((_, i) => difference(model.outputs[i].shape, made[i], outputs[i])),
      );
      const [way] = ways.sort((a, b) => Math.max(...a) - Math.max(...b));
      const worst = way.indexOf(Math.max(...way));
      if (!(way[worst] <= limit)) throw differs(path, names[worst], way[worst], limit);
      images += batch;
      largest = Math.max(largest, way[worst]);
    } finally {
      tf.dispose(inputs);
    }
  }
  return { by: 'onnxruntime-node', images, largestDifference: largest };
}

/** What the file puts out: for each way in which its images may lie that its lengths allow. */
async function inOnnxRuntime(
  model: tf.LayersModel,
  inputs: readonly tf.Tensor[],
  { session, ports, names }: Running,
): Promise<Onnxruntime.Tensor[][] | { readonly unverified: string }> {
  const { Tensor } = loadOnnxruntime();
  const results: Onnxruntime.Tensor[][] = [];
  for (const isTransposed of [true, false]) {
    const orders = model.inputs.map(({ shape }) =>
      isTransposed && shape.length === 4 ? FROM_IMAGES : shape.map((_, axis) => axis),
    );
    const fits = model.inputs.every(({ shape }, i) =>
      isOf(
        lengthsOf(ports[i]),
        orders[i].map((axis) => shape[axis]),
      ),
    );
    const isSame = isTransposed ? false : model.inputs.every(({ shape }) => shape.length !== 4);
    if (!fits || (isSame && results.length > 0)) continue;
    const feeds: Record<string, Onnxruntime.Tensor> = {};
    for (const [i, port] of ports.entries()) {
      const lying = tf.transpose(inputs[i], orders[i]);
      const type = FED[elementType(port) as keyof typeof FED];
      feeds[port.name] = new Tensor(type, typed(await lying.data(), type) as never, lying.shape);
      lying.dispose();
    }
    try {
      const made = await session.run(feeds);
      results.push(names.map((name) => made[name]));
    } catch (error) {
      return { unverified: firstLine(error) };
    }
  }
  if (results.length === 0) return { unverified: 'its inputs have other lengths than it says' };
  const half = results[0].findIndex(({ type }) => type === 'float16');
  return half < 0 ? results : { unverified: `its output ${names[half]} is of 16 bits` };
}

/** By the largest number that the file puts out. Images come with their channels last, unless the file made them lie so. */
function difference(shape: tf.Shape, made: ArrayLike<number>, { data, dims }: Onnxruntime.Tensor): number {
  const expected = Float32Array.from(data as unknown as ArrayLike<number | bigint>, Number);
  if (made.length !== expected.length) return Infinity;
  const own = shape.slice(1);
  const plain = isOf(dims.slice(1), own) ? relative(made, expected) : Infinity;
  if (shape.length !== 4 || !isOf(dims.slice(1), [own[2], own[0], own[1]])) return plain;
  const lying = tf.tidy(() => tf.transpose(tf.tensor(expected, [...dims]), [0, 2, 3, 1]).dataSync());
  return Math.min(plain, relative(made, lying));
}

function relative(made: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [largest, size] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(made[i], expected[i])) continue;
    const apart = Math.abs(made[i] - expected[i]);
    if (Number.isNaN(apart)) return Infinity;
    largest = Math.max(largest, apart);
  }
  if (largest === 0) return 0;
  for (let i = 0; i < expected.length; i++) size = Math.max(size, Math.abs(expected[i]));
  return size === 0 ? largest : largest / size;
}

function probe(shape: readonly number[], port: Port, index: number): tf.Tensor {
  const noise = noiseImages(shape, SEED + index);
  if (FED[elementType(port) as keyof typeof FED].startsWith('float')) return noise;
  // Whole numbers as pixels are.
  return tf.tidy(() => {
    const pixels = tf.floor(tf.mul(tf.add(noise, 2), 63));
    noise.dispose();
    return pixels;
  });
}

function typed(values: ArrayLike<number>, type: (typeof FED)[keyof typeof FED]) {
  switch (type) {
    case 'float32':
      return Float32Array.from(values);
    case 'float64':
      return Float64Array.from(values);
    case 'int32':
      return Int32Array.from(values);
    case 'int64':
      return BigInt64Array.from(Array.from(values, BigInt));
    case 'uint8':
      return Uint8Array.from(values);
  }
}

function elementType({ type }: Port): number {
  return type?.value.case === 'tensorType' ? type.value.value.elemType : 0;
}

function lengthsOf({ type }: Port): (number | undefined)[] {
  const dims = type?.value.case === 'tensorType' ? (type.value.value.shape?.dim ?? []) : [];
  return dims.map(({ value }) => (value.case === 'dimValue' ? Number(value.value) : undefined));
}

/** Whether lengths are those of a tensor of ours, as far as both are known. */
function isOf(lengths: readonly (number | undefined)[], own: readonly (number | null)[]): boolean {
  return (
    lengths.length === own.length &&
    lengths.every((length, axis) => length === undefined || own[axis] === null || length === own[axis])
  );
}

function hasHalves({ graph }: OnnxModel): boolean {
  const isCastToHalf = ({ opType, attribute }: NonNullable<typeof graph>['node'][number]) =>
    opType === 'Cast' && attribute.some(({ name, i }) => name === 'to' && HALVES.includes(Number(i)));
  return (
    graph !== undefined &&
    (graph.initializer.some(({ dataType }) => HALVES.includes(dataType)) || graph.node.some(isCastToHalf))
  );
}

function firstLine(error: unknown): string {
  return (error as Error).message.split('\n')[0];
}

function differs(path: string, output: string, by: number, limit: number): OnnxError {
  const much = Number.isFinite(by)
    ? `by ${by.toPrecision(2)} of its largest value, where ${limit} is allowed`
    : 'in its shape, or in what is no number';
  return new OnnxError(
    `${path}: the imported model computes otherwise than onnxruntime-node: output ${output} differs ${much}. ` +
      'This is a fault of the importer; verify: false (--no-verify) imports it all the same.',
  );
}
