import * as tf from '@tensorflow/tfjs';
import '../backends/register-kernels';
import { CardinalError } from '../errors';
import type { Padding } from '../ops/conv-spec';
import { groupedConv2d } from '../ops/grouped-conv2d';

/** Of stock operations, the names under which ours are registered, so that stock models keep the stock ones. */
const NAMES: Readonly<Record<string, string>> = {
  Conv2D: 'CardinalConv2D',
  _FusedConv2D: 'CardinalFusedConv2D',
};

/** The name under which a node's operation also takes groups. */
export function renamed(op: string): string {
  return Object.hasOwn(NAMES, op) ? NAMES[op] : op;
}

/** Makes tfjs run what {@link renamed} names; a second call changes nothing. */
export function registerGroupedOperations(): void {
  tf.registerOp(NAMES.Conv2D, (node) => tf.tidy(() => convolve(node, node.inputs)));
  tf.registerOp(NAMES._FusedConv2D, (node) => tf.tidy(() => fused(node)));
}

type Node = Parameters<tf.OpExecutor>[0];

function convolve({ attrs }: Node, [x, filter]: readonly tf.Tensor[]): tf.Tensor4D {
  const channelsFirst = attrs.data_format === 'nchw';
  // Of [batch, height, width, channels] or, with the channels first, [batch, channels, height, width].
  const image = channelsFirst ? 2 : 1;
  const along = (name: string): [number, number] => {
    const list = (attrs[name] as number[] | undefined) ?? [1, 1, 1, 1];
    return [list[image], list[image + 1]];
  };
  const last = channelsFirst ? tf.transpose(x, [0, 2, 3, 1]) : x;
  const [, , depth] = filter.shape;
  const y = groupedConv2d(last as tf.Tensor4D, filter, {
    groups: (last.shape[3] as number) / (depth as number),
    strides: along('strides'),
    dilations: along('dilations'),
    padding: paddingOf(attrs, image),
  });
  return channelsFirst ? tf.transpose(y, [0, 3, 1, 2]) : y;
}

/** tfjs hands strings on in lower case. */
function paddingOf(attrs: Node['attrs'], image: number): Padding {
  const padding = attrs.padding as string;
  if (padding !== 'explicit') return padding as 'same' | 'valid';
  const [top, bottom, left, right] = (attrs.explicit_paddings as number[]).slice(2 * image, 2 * image + 4);
  return [
    [top, bottom],
    [left, right],
  ];
}

const ACTIVATIONS: Readonly<Record<string, (x: tf.Tensor, node: Node) => tf.Tensor>> = {
  relu: (x) => tf.relu(x),
  relu6: (x) => tf.relu6(x),
  elu: (x) => tf.elu(x),
  sigmoid: (x) => tf.sigmoid(x),
  leakyrelu: (x, { attrs }) => tf.leakyRelu(x, (attrs.leakyrelu_alpha as number | undefined) ?? 0.2),
  prelu: (x, { inputs }) => tf.prelu(x, inputs[inputs.length - 1]),
};

function fused(node: Node): tf.Tensor {
  const operations = [...((node.attrs.fused_ops as string[] | undefined) ?? [])];
  let y: tf.Tensor = convolve(node, node.inputs);
  if (operations[0] === 'biasadd') {
    operations.shift();
    const [, , bias] = node.inputs;
    const channelsFirst = node.attrs.data_format === 'nchw';
    y = tf.add(y, channelsFirst ? tf.reshape(bias, [-1, 1, 1]) : bias);
  }
  for (const name of operations) {
    if (!Object.hasOwn(ACTIVATIONS, name)) {
      throw new CardinalError(`a convolution with ${name} in it cannot be run`);
    }
    y = ACTIVATIONS[name](y, node);
  }
  return y;
}
