import * as tf from '@tensorflow/tfjs';
import { checkGraph, checkTensor } from '../check-kinds';
import { check } from '../errors';
import { groupedConv2d } from '../ops/grouped-conv2d';
import '../backends/register-kernels';
import { applyFunction } from './element-functions';
import { outputsOfNothing } from './empty-batch';
import { readersOf, weightsOf, type Graph, type GraphNode, type Sides, type Window } from './graph';

/**
 * Runs a graph operation by operation on the current backend of tfjs, whichever that is. It holds the weights there until
 * it is disposed.
 *
 * @example
 * const runner = new GraphRunner(foldBatchNorm(lowerModel(model)));
 * const [logits] = runner.run([images]);
 */
export class GraphRunner {
  private readonly weights: ReadonlyMap<string, Readonly<Record<string, tf.Tensor>>>;
  private readonly readers: ReadonlyMap<string, number>;
  private readonly inputs: readonly GraphNode[];

  constructor(private readonly graph: Graph) {
    checkGraph('GraphRunner', graph);
    this.inputs = graph.nodes.filter(({ op }) => op === 'input');
    this.readers = readersOf(graph);
    this.weights = new Map(
      graph.nodes.map((node) => [
        node.name,
        Object.fromEntries(
          // A copy, since a backend may keep the array that it is given.
          weightsOf(node).map(([name, { shape, data }]) => [name, tf.tensor(data.slice(), [...shape])]),
        ),
      ]),
    );
  }

  /**
   * The graph's outputs, the caller's to dispose, for inputs in the graph's order.
   *
   * @throws InvalidArgumentError for inputs of other shapes than the graph's, the batch aside
   */
  run(inputs: readonly tf.Tensor[]): tf.Tensor[] {
    const { length } = this.inputs;
    check(Array.isArray(inputs) && inputs.length === length, 'inputs', `a list of ${length} tensors`, inputs);
    inputs.forEach((input, i) => checkTensor(`inputs[${i}]`, input));
    this.inputs.forEach(({ name, shape }, i) => {
      const fits = inputs[i].shape.slice(1).join() === shape.slice(1).join();
      check(fits, 'inputs', `[batch, ${shape.slice(1).join(', ')}] for ${name}`, inputs[i].shape);
    });
    if (inputs.every(({ shape }) => shape[0] === 0)) return outputsOfNothing(this.graph);
    const values = new Map(this.inputs.map(({ name }, i) => [name, inputs[i].clone()]));
    const unread = new Map(this.readers);
    return tf.tidy(() => {
      for (const node of this.graph.nodes) {
        if (node.op === 'input') continue;
        const given = node.inputs.map((name) => values.get(name) as tf.Tensor);
        values.set(
          node.name,
          tf.tidy(() => compute(node, given, this.weights.get(node.name) ?? {})),
        );
        for (const name of node.inputs) {
          const left = (unread.get(name) as number) - 1;
          unread.set(name, left);
          if (left === 0) values.get(name)?.dispose();
        }
      }
      const made = this.graph.outputs.map((name) => values.get(name) as tf.Tensor);
      // A value that is put out twice is two tensors, each to be disposed of alone.
      return made.map((tensor, i) => (made.indexOf(tensor) === i ? tensor : tensor.clone()));
    });
  }

  dispose(): void {
    for (const tensors of this.weights.values()) tf.dispose(tensors);
  }
}

function compute(
  node: GraphNode,
  inputs: readonly tf.Tensor[],
  weights: Readonly<Record<string, tf.Tensor>>,
): tf.Tensor {
  const [x, other] = inputs;
  switch (node.op) {
    case 'input':
      return x;
    case 'conv2d': {
      const { groups, strides, dilations, padding } = node;
      const options = { groups, strides, dilations, padding: pairs(padding) };
      return biased(groupedConv2d(x as tf.Tensor4D, weights.filter as tf.Tensor4D, options), weights.bias);
    }
    case 'linear':
      return biased(linear(x, weights.kernel as tf.Tensor2D), weights.bias);
    case 'affine':
      return tf.add(tf.mul(x, weights.scale), weights.shift);
    case 'layerNorm': {
      const { mean, variance } = tf.moments(x, -1, true);
      const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, node.epsilon)));
      return tf.add(tf.mul(normal, weights.gamma), weights.beta);
    }
    case 'activation':
      return applyFunction(node.function, x);
    case 'add':
      return tf.add(x, other);
    case 'multiply':
      return tf.mul(x, other);
    case 'concat':
      return tf.concat([...inputs], -1);
    case 'maxPool':
      return maxPool(x as tf.Tensor4D, node.window);
    case 'averagePool':
      return averagePool(x as tf.Tensor4D, node.window);
    case 'globalAverage':
      return tf.mean(x, [1, 2], node.keepsAxes);
    case 'pad':
      return padded(x as tf.Tensor4D, node.padding, 0);
    case 'slice':
      return tf.slice(x, [0, ...node.begin], [-1, ...(node.shape.slice(1) as number[])]);
    case 'transpose':
      return tf.transpose(x, [0, ...node.axes]);
    case 'shuffle': {
      const channels = x.shape[x.rank - 1];
      const grouped = tf.reshape(x, [-1, node.groups, channels / node.groups]);
      return tf.reshape(tf.transpose(grouped, [0, 2, 1]), x.shape);
    }
    case 'reshape':
      return tf.reshape(x, [x.shape[0], ...(node.shape.slice(1) as number[])]);
  }
}

function biased(x: tf.Tensor, bias: tf.Tensor | undefined): tf.Tensor {
  return bias === undefined ? x : tf.add(x, bias);
}

function linear(x: tf.Tensor, kernel: tf.Tensor2D): tf.Tensor {
  const [from, to] = kernel.shape;
  return tf.reshape(tf.matMul(tf.reshape(x, [-1, from]), kernel), [...x.shape.slice(0, -1), to]);
}

function maxPool(x: tf.Tensor4D, { size, strides, padding }: Window): tf.Tensor {
  return tf.maxPool(padded(x, padding, -Infinity), [...size], [...strides], 'valid');
}

/** Of what is there: a window at the border has fewer pixels. */
function averagePool(x: tf.Tensor4D, { size, strides, padding }: Window): tf.Tensor {
  const average = (image: tf.Tensor4D) =>
    tf.avgPool(padded(image, padding, 0), [...size], [...strides], 'valid');
  if (isNone(padding)) return average(x);
  return tf.div(average(x), average(tf.ones([1, x.shape[1], x.shape[2], 1])));
}

function padded(x: tf.Tensor4D, padding: Sides, value: number): tf.Tensor4D {
  return isNone(padding) ? x : tf.pad(x, [[0, 0], ...pairs(padding), [0, 0]], value);
}

function isNone({ top, bottom, left, right }: Sides): boolean {
  return top + bottom + left + right === 0;
}

function pairs({ top, bottom, left, right }: Sides): [[number, number], [number, number]] {
  return [
    [top, bottom],
    [left, right],
  ];
}
