import * as tf from '@tensorflow/tfjs';
import type { ElementFunction, Graph, GraphNode, Operation, Shape } from '../../src/graph/graph';
import { lowerModel } from '../../src/graph/lower-model';
import { constantOperand } from '../../src/layers/constant-operand';
import { depthwiseSeparableConv2D } from '../../src/layers/depthwise-separable-conv2d';
import { groupedConv2D } from '../../src/layers/grouped-conv2d';
import { layerScale } from '../../src/layers/layer-scale';
import { squeezeExcite } from '../../src/layers/squeeze-excite';
import * as small from './small-models';
import { drawWeights } from './zoo-samples';

const { layers } = tf;
const { apply } = small;
const conv2d = (options: object = {}) => layers.conv2d({ filters: 8, kernelSize: 3, ...options });

const chain = (...row: tf.layers.Layer[]): Graph => lowered(small.chain(...row));
const branches = (...of: Parameters<typeof small.branches>): Graph => lowered(small.branches(...of));

function lowered(model: tf.LayersModel): Graph {
  drawWeights(model);
  const graph = lowerModel(model);
  model.dispose();
  return graph;
}

/** Each operation on the input by itself. */
function apart(input: Shape, operations: readonly [Operation, Shape][]): Graph {
  const made = operations.map(([operation, shape], i): GraphNode => ({
    ...operation,
    name: `made:${i}`,
    inputs: ['x'],
    shape,
  }));
  return {
    name: 'apart',
    nodes: [{ op: 'input', name: 'x', inputs: [], shape: input }, ...made],
    outputs: made.map(({ name }) => name),
  };
}

const FUNCTIONS: ElementFunction[] = [
  ...(['relu', 'relu6', 'sigmoid', 'tanh', 'softplus', 'gelu', 'silu', 'hardSwish', 'softmax'] as const).map(
    (name) => ({ name }),
  ),
  { name: 'leakyRelu', alpha: 0.2 },
  { name: 'elu', alpha: 1 },
  { name: 'elu', alpha: 0.4 },
  { name: 'hardSigmoid', alpha: 0.3, beta: 0.6 },
];

const SIDES = { top: 1, bottom: 2, left: 2, right: 0 };
const SAME = { top: 1, bottom: 1, left: 1, right: 1 };
const window = (padding: typeof SIDES, strides: [number, number] = [2, 1]) =>
  ({ size: [3, 4], strides, padding }) as const;

/** Small graphs in which every operation of a graph occurs, in each way that a format has to tell apart. */
export const GRAPH_CASES: Readonly<Record<string, () => Graph>> = {
  convolutions: () =>
    chain(
      conv2d({ padding: 'same', strides: 2, activation: 'relu' }),
      conv2d({ dilationRate: 2, useBias: false, padding: 'same', filters: 4, activation: 'relu' }),
      conv2d({ kernelSize: [1, 2], activation: 'tanh' }),
    ),
  'grouped convolutions': () =>
    chain(
      groupedConv2D({ filters: 16, kernelSize: [3, 5], groups: 4, strides: 2, padding: [1, 2] }),
      groupedConv2D({ filters: 6, kernelSize: 3, groups: 2, padding: 'same', useBias: false }),
      layers.reLU({ maxValue: 6 }),
    ),
  'depthwise convolutions': () =>
    chain(
      layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same' }),
      layers.reLU({}),
      groupedConv2D({ filters: 16, kernelSize: 3, groups: 16, strides: 2, padding: 1 }),
      layers.reLU({ maxValue: 6 }),
      groupedConv2D({ filters: 16, kernelSize: 2, groups: 16, strides: [2, 1], useBias: false }),
      depthwiseSeparableConv2D({ filters: 12, padding: 1, batchNorm: true, activation: 'relu6' }),
    ),
  // TensorFlow's own rule would put all that is added on one side.
  'depthwise convolutions of even images': () =>
    branches(
      (x) => {
        const depthwise = (kernelSize: number) =>
          groupedConv2D({ filters: 8, kernelSize, groups: 8, strides: 2, padding: (kernelSize - 1) / 2 });
        const relu = layers.reLU({ maxValue: 6 });
        return [apply(relu, apply(depthwise(3), x)), apply(relu, apply(depthwise(5), x))];
      },
      [6, 8, 8],
    ),
  'a convolution that two read': () =>
    branches((x) => {
      const convolved = apply(conv2d({ padding: 'same' }), x);
      const sum = apply(layers.add(), apply(layers.reLU({}), convolved), convolved);
      return [apply(layers.reLU({}), apply(layers.add(), apply(conv2d({ padding: 'same' }), sum), x)), sum];
    }),
  functions: () =>
    apart(
      [null, 2, 3, 4],
      FUNCTIONS.map((which) => [{ op: 'activation', function: which }, [null, 2, 3, 4]]),
    ),
  pools: () =>
    apart(
      [null, 7, 9, 3],
      (['maxPool', 'averagePool'] as const).flatMap((op): [Operation, Shape][] => [
        [{ op, window: window({ top: 0, bottom: 0, left: 0, right: 0 }) }, [null, 3, 6, 3]],
        [{ op, window: window(SIDES) }, [null, 4, 8, 3]],
        [{ op, window: { size: [3, 3], strides: [2, 2], padding: SAME } }, [null, 4, 5, 3]],
      ]),
    ),
  'averages, zeros and reshapes': () =>
    apart(
      [null, 4, 6, 2],
      [
        [{ op: 'globalAverage', keepsAxes: true }, [null, 1, 1, 2]],
        [{ op: 'globalAverage', keepsAxes: false }, [null, 2]],
        [{ op: 'pad', padding: SIDES }, [null, 7, 8, 2]],
        [{ op: 'reshape' }, [null, 48]],
        [{ op: 'reshape' }, [null, 3, 16]],
      ],
    ),
  'norms, scales and products': () =>
    chain(
      layers.batchNormalization(),
      layers.layerNormalization({ epsilon: 1e-3 }),
      layers.dense({ units: 6, activation: 'relu' }),
      layerScale(),
      squeezeExcite({ squeezeChannels: 3, activation: 'silu', gate: 'hardSigmoid' }),
      layers.flatten(),
      layers.dense({ units: 5, useBias: false, activation: 'relu' }),
      layers.dense({ units: 4, useBias: false }),
    ),
  'constants of any axes': () =>
    chain(
      constantOperand({ operation: 'add', shape: [9, 1] }),
      constantOperand({ operation: 'multiply', shape: [8] }),
      constantOperand({ operation: 'subtract', shape: [7, 9, 8], constantFirst: true }),
      constantOperand({ operation: 'divide', shape: [1, 7, 1, 1] }),
      constantOperand({ operation: 'subtract', shape: [] }),
    ),
  'other orders of axes, and slices of all of them': () =>
    apart(
      [null, 4, 5, 6],
      [
        [{ op: 'transpose', axes: [2, 1, 3] }, [null, 5, 4, 6]],
        [{ op: 'transpose', axes: [3, 1, 2] }, [null, 6, 4, 5]],
        [{ op: 'transpose', axes: [2, 3, 1] }, [null, 5, 6, 4]],
        [{ op: 'slice', begin: [1, 2, 0] }, [null, 3, 2, 6]],
        [{ op: 'slice', begin: [0, 1, 2] }, [null, 4, 3, 4]],
        [{ op: 'slice', begin: [0, 0, 0] }, [null, 4, 5, 6]],
      ],
    ),
  'axes that change places between products': () =>
    chain(
      conv2d({ padding: 'same', activation: 'relu' }),
      layers.permute({ dims: [3, 2, 1] }),
      layers.dense({ units: 5, activation: 'relu' }),
      layers.cropping2D({ cropping: [[0, 1], [2, 0]] }), // prettier-ignore
      layers.dense({ units: 6 }),
      layers.reshape({ targetShape: [49, 6] }),
      layers.permute({ dims: [2, 1] }),
      layers.dense({ units: 3 }),
    ),
  'slices, shuffle and concatenation': () => lowered(small.slicesAndShuffle()),
  'factors of channels': () =>
    branches((x) => {
      const averages = apply(layers.globalAveragePooling2d({}), x);
      const factors = apply(layers.reshape({ targetShape: [1, 1, 8] }), averages);
      return [apply(layers.multiply(), x, factors), apply(layers.add(), x, factors)];
    }),
  'its input, and a value twice': () => {
    const graph = chain(conv2d({ name: 'conv' }));
    return { ...graph, outputs: ['conv', graph.nodes[0].name, 'conv'] };
  },
};

/** Noise for a graph of one input. */
export function noiseFor(graph: Graph, count: number): tf.Tensor {
  return tf.randomNormal([count, ...(graph.nodes[0].shape.slice(1) as number[])], 0, 2, 'float32', 9);
}
