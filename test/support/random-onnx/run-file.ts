import * as tf from '@tensorflow/tfjs';
import * as ort from 'onnxruntime-node';

import { OnnxError } from '../../../src/import/onnx-error';
import { importOnnx } from '../../../src/import/onnx';
import { seededRandom } from '../../../src/data/random';
import type { Drawn } from './draft';
import { sizeOf, TYPES } from './draft';
import type { DrawnFile } from './file';

/** What became of a file. All but `right`, `refused` and `invalid` are faults. */
export type Outcome = {
  readonly kind:
    'right' | 'refused' | 'invalid' | 'unnamed' | 'crashed' | 'at predict' | 'shape' | 'numbers' | 'leaked';
  readonly detail: string;
};

/** What ONNX Runtime puts out. */
interface Result {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

const LIMIT = 1e-4;
/** Of a file that rounds to float16, which is read as float32. */
const HALF_LIMIT = 4e-3;

/** Runs a file in ONNX Runtime and, imported, in tfjs. */
export async function runFile(file: DrawnFile, seed: number): Promise<Outcome> {
  const feeds = file.draft.inputs.map((input, index) => ({ ...input, data: numbers(input, seed, index) }));
  let expected: Result[];
  try {
    expected = await inOnnxRuntime(file, feeds);
  } catch (error) {
    return { kind: 'invalid', detail: (error as Error).message };
  }
  // What overflows is of no use to tell right from wrong.
  if (
    expected.some(({ data }) =>
      Array.from(data).some((value) => !Number.isFinite(value) || Math.abs(value) > 1e6),
    )
  )
    return { kind: 'invalid', detail: 'numbers that are too large' };
  const before = tf.memory().numTensors;
  let model: tf.LayersModel;
  try {
    model = importOnnx(file.bytes);
  } catch (error) {
    const detail = (error as Error).message;
    if (!(error instanceof OnnxError)) return { kind: 'crashed', detail };
    if (tf.memory().numTensors !== before) return { kind: 'leaked', detail };
    const isNamed = file.draft.nodes.some(({ name }) => new RegExp(`\\b${name}\\b`).test(detail));
    return { kind: isNamed ? 'refused' : 'unnamed', detail };
  }
  try {
    const outcome = compare(model, feeds, expected, roundsToHalf(file) ? HALF_LIMIT : LIMIT);
    model.dispose();
    const leaked = tf.memory().numTensors - before;
    return outcome.kind === 'right' && leaked !== 0
      ? { kind: 'leaked', detail: `${leaked} tensors` }
      : outcome;
  } catch (error) {
    return { kind: 'at predict', detail: (error as Error).message };
  }
}

async function inOnnxRuntime(
  { bytes, outputs }: DrawnFile,
  feeds: readonly (Drawn & { data: Float32Array })[],
) {
  // As the file has it: fused operators round otherwise, and hide what a node alone would do.
  const session = await ort.InferenceSession.create(bytes, {
    logSeverityLevel: 4,
    graphOptimizationLevel: 'disabled',
  });
  try {
    const fed = feeds.map(({ name, dims, data }) => [name, new ort.Tensor('float32', data, dims)] as const);
    const made = await session.run(Object.fromEntries(fed));
    return outputs.map(({ name }) => ({
      dims: made[name].dims,
      data: Float32Array.from(made[name].data as unknown as ArrayLike<number | bigint>, Number),
    }));
  } finally {
    await session.release();
  }
}

function compare(
  model: tf.LayersModel,
  feeds: readonly (Drawn & { data: Float32Array })[],
  expected: readonly Result[],
  limit: number,
): Outcome {
  return tf.tidy((): Outcome => {
    const inputs = feeds.map(({ dims, data }, index) => {
      const x = tf.tensor(data, [...dims]);
      const own = model.inputs[index].shape.slice(1).join();
      return own === dims.slice(1).join() ? x : tf.transpose(x, [0, 2, 3, 1]);
    });
    const made = [model.predict(inputs.length === 1 ? inputs[0] : inputs)].flat() as tf.Tensor[];
    if (made.length !== expected.length) return { kind: 'shape', detail: `${made.length} outputs` };
    for (const [index, tensor] of made.entries()) {
      const { dims, data } = expected[index];
      const isImage = tensor.rank === 4;
      // Images come out with their channels last, unless the file made them lie so itself.
      const candidates = isImage ? [tf.transpose(tensor, [0, 3, 1, 2]), tensor] : [tensor];
      const fits = candidates.filter(({ shape }) => shape.join() === dims.join());
      if (fits.length === 0)
        return {
          kind: 'shape',
          detail: `output ${index}: [${tensor.shape.join(', ')}] for [${dims.join(', ')}]`,
        };
      const difference = Math.min(...fits.map((one) => relative(one.dataSync(), data)));
      if (!(difference <= limit))
        return { kind: 'numbers', detail: `output ${index}: ${difference.toPrecision(2)} off` };
    }
    return { kind: 'right', detail: '' };
  });
}

function roundsToHalf({ draft }: DrawnFile): boolean {
  return draft.nodes.some(
    ({ opType, attribute }) => opType === 'Cast' && attribute?.some(({ i }) => Number(i) === TYPES.float16),
  );
}

function relative(made: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, size] = [0, 1e-3];
  for (let index = 0; index < expected.length; index++) {
    const apart = Math.abs(made[index] - expected[index]);
    if (Number.isNaN(apart)) return Infinity;
    difference = Math.max(difference, apart);
    size = Math.max(size, Math.abs(expected[index]));
  }
  return difference / size;
}

/** From -2 to 2, and in every input some that are whole, where what jumps does. */
function numbers({ dims }: Drawn, ...seeds: number[]): Float32Array {
  const random = seededRandom(...seeds, 77);
  return Float32Array.from({ length: sizeOf(dims) }, () =>
    random.below(12) === 0 ? random.below(5) - 2 : random.below(2 ** 20) / 2 ** 18 - 2,
  );
}

/** A file in lines, for who looks for the fault. */
export function describeFile({ draft, outputs }: DrawnFile): string {
  const lengths = (dims: readonly (number | bigint)[] = []) => `[${dims.join(', ')}]`;
  const tensors = draft.initializers.map(
    ({ name, dims, dataType, int64Data, floatData }) =>
      `  ${name} ${lengths(dims as bigint[])} of type ${dataType} ${[...(int64Data ?? []), ...(floatData ?? [])].slice(0, 8).join(' ')}`,
  );
  const nodes = draft.nodes.map(({ opType, input, output, attribute }) => {
    const attributes = (attribute ?? []).map(({ name, i, f, s, ints, t }) => {
      const value =
        i ??
        f ??
        (s && new TextDecoder().decode(s)) ??
        (t &&
          `${lengths(t.dims as bigint[])}: ${[...(t.floatData ?? []), ...(t.int64Data ?? [])].slice(0, 6).join(' ')}`) ??
        lengths(ints);
      return `${name}=${value}`;
    });
    return `  ${output?.join(', ')} = ${opType}(${input?.join(', ')}) ${attributes.join(' ')}`;
  });
  const inputs = draft.inputs.map(({ name, dims }) => `${name} ${lengths(dims)}`);
  const ends = outputs.map(({ name, dims, type }) => `${name} ${lengths(dims)} ${type}`);
  return [`opset ${draft.opset}: ${inputs.join(', ')} -> ${ends.join(', ')}`, ...tensors, ...nodes].join(
    '\n',
  );
}
