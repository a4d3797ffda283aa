import * as tf from '@tensorflow/tfjs';

interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The part of tfjs-node's backend that runs any TensorFlow op by name. */
interface TensorflowBackend {
  readonly binding: Readonly<Record<string, number>>;
  executeSingleOutput(name: string, attributes: OpAttribute[], inputs: tf.Tensor[]): tf.Tensor;
}

const GROUPS = 2;
const INPUT_SHAPE: [number, number, number, number] = [2, 5, 5, 4];
const FILTER_SHAPE: [number, number, number, number] = [3, 3, 2, 6];
const OUTPUT_SHAPE: [number, number, number, number] = [2, 5, 5, 6];
const TOLERANCE = 1e-4;

let answer: boolean | undefined;

/**
 * Whether TensorFlow itself computes grouped convolution here, forward and both gradients.
 *
 * It does on a CPU while oneDNN is on, and throws or would be wrong elsewhere, so it is tried: one small convolution
 * of two groups, compared with one convolution a group. The answer is kept; no tensor is left behind, and no backend
 * but `tensorflow`, which must be registered, is touched. False where that backend is not the current one.
 *
 * @example
 * await useBackend('tensorflow');
 * probeNativeGroupedGradients(); // true; false under TF_ENABLE_ONEDNN_OPTS=0
 */
export function probeNativeGroupedGradients(): boolean {
  if (tf.getBackend() !== 'tensorflow') return false;
  answer ??= tf.tidy(probe);
  return answer;
}

function probe(): boolean {
  try {
    const backend = tf.backend() as unknown as TensorflowBackend;
    const [x, filter, dy] = [wave(INPUT_SHAPE, 1), wave(FILTER_SHAPE, 2), wave(OUTPUT_SHAPE, 3)];
    const attributes = attributesOf(backend);
    const native = [
      backend.executeSingleOutput('Conv2D', attributes, [x, filter]),
      backend.executeSingleOutput('Conv2DBackpropInput', attributes, [
        tf.tensor1d(INPUT_SHAPE, 'int32'),
        filter,
        dy,
      ]),
      backend.executeSingleOutput('Conv2DBackpropFilter', attributes, [
        x,
        tf.tensor1d(FILTER_SHAPE, 'int32'),
        dy,
      ]),
    ];
    const reference = [oneByOne(x, filter), ...tf.grads(oneByOne)([x, filter], dy)];
    return native.every((tensor, index) => agree(tensor, reference[index]));
  } catch {
    return false;
  }
}

// One stock convolution a group: what TensorFlow's answer has to equal.
function oneByOne(x: tf.Tensor, filter: tf.Tensor): tf.Tensor {
  const inputs = tf.split(x, GROUPS, 3) as tf.Tensor4D[];
  const filters = tf.split(filter, GROUPS, 3) as tf.Tensor4D[];
  return tf.concat(
    inputs.map((input, group) => tf.conv2d(input, filters[group], 1, 'same')),
    3,
  );
}

function attributesOf({ binding }: TensorflowBackend): OpAttribute[] {
  return [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    { name: 'strides', type: binding.TF_ATTR_INT, value: [1, 1, 1, 1] },
    { name: 'padding', type: binding.TF_ATTR_STRING, value: 'SAME' },
    { name: 'data_format', type: binding.TF_ATTR_STRING, value: 'NHWC' },
    { name: 'use_cudnn_on_gpu', type: binding.TF_ATTR_BOOL, value: true },
    { name: 'dilations', type: binding.TF_ATTR_INT, value: [1, 1, 1, 1] },
  ];
}

// Values without symmetry or repetition, so that a mix-up of groups or a transposed filter shows.
function wave(shape: [number, number, number, number], phase: number): tf.Tensor4D {
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) =>
    Math.sin(phase + 0.7 * i + 0.01 * i * i),
  );
  return tf.tensor4d(values, shape);
}

function agree(actual: tf.Tensor, expected: tf.Tensor): boolean {
  if (!tf.util.arraysEqual(actual.shape, expected.shape)) return false;
  const [a, e] = [actual.dataSync(), expected.dataSync()];
  return a.every((value, i) => Math.abs(value - e[i]) <= TOLERANCE * (1 + Math.abs(e[i])));
}
