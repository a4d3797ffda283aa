import type { ElementFunction, GraphNode, Shape, Weight } from '../graph/graph';
import { FLOAT, INT32, type NodeAttribute } from './tensorflow-nodes';
import { asSame, paddingKind } from './tensorflow-padding';
import type { TensorflowScope } from './tensorflow-scope';

type Convolution = Extract<GraphNode, { op: 'conv2d' }>;

/** Activations that the kernels of every tfjs backend take within a convolution, by TensorFlow's names. */
const FUSABLE: Readonly<Partial<Record<ElementFunction['name'], string>>> = { relu: 'Relu', relu6: 'Relu6' };

/** Whether an activation can be part of the convolution or product before it. */
export function isFusable({ name }: ElementFunction): boolean {
  return name in FUSABLE;
}

/**
 * Adds a convolution. One whose groups are its channels is depthwise, which every TensorFlow has a kernel for; other groups
 * go by the dialect.
 *
 * @param shape of the input
 * @param activation in a fused dialect, of which {@link isFusable} holds
 */
export function addConvolution(
  scope: TensorflowScope,
  node: Convolution,
  x: string,
  shape: Shape,
  activation?: ElementFunction,
): string {
  const { filter, bias, groups, strides } = node;
  const channels = shape[3];
  if (groups === channels && groups > 1 && strides[0] === strides[1]) {
    const same = scope.dialect.groups === 'native' ? asSame(node, shape) : node;
    if (same !== undefined) {
      const [height, width, , out] = same.filter.shape;
      const depthwise = { shape: [height, width, channels, out / channels], data: same.filter.data };
      return convolve(scope, DEPTHWISE, x, depthwise, bias, geometry(same, shape), activation);
    }
  }
  const attributes = geometry(node, shape);
  const dense = { T: FLOAT, use_cudnn_on_gpu: { bool: true }, ...attributes };
  if (groups === 1) return convolve(scope, DENSE, x, filter, bias, dense, activation);
  if (scope.dialect.groups === 'native') {
    return convolve(scope, GROUPED, x, filter, bias, dense, activation);
  }
  const axis = scope.integers('split/axis', 3);
  const split = scope.part('split', 'Split', [axis, x], { T: FLOAT, num_split: { int: groups } });
  const parts = Array.from({ length: groups }, (_, group) =>
    convolve(
      scope,
      { ...DENSE, part: `group${group}` },
      group === 0 ? split : `${split}:${group}`,
      channelsOf(filter, group, groups),
      bias && channelsOf(bias, group, groups),
      dense,
      activation,
    ),
  );
  return scope.last('ConcatV2', [...parts, scope.integers('axis', 3)], {
    T: FLOAT,
    Tidx: INT32,
    N: { int: groups },
  });
}

interface ConvolutionKind {
  readonly op: string;
  /** tfjs's name of the one with bias and activation. */
  readonly fused: string;
  readonly addBias: 'BiasAdd' | 'AddV2';
  /** Where the convolution is only part of the node. */
  readonly part?: string;
}

const DENSE: ConvolutionKind = { op: 'Conv2D', fused: '_FusedConv2D', addBias: 'BiasAdd' };
// TensorFlow without oneDNN fuses a BiasAdd into a kernel that then refuses groups; with oneDNN it fuses either.
const GROUPED: ConvolutionKind = { ...DENSE, addBias: 'AddV2' };
const DEPTHWISE: ConvolutionKind = {
  op: 'DepthwiseConv2dNative',
  fused: 'FusedDepthwiseConv2dNative',
  addBias: 'BiasAdd',
};

type Attributes = Readonly<Record<string, NodeAttribute>>;

function convolve(
  scope: TensorflowScope,
  { op, fused, addBias, part }: ConvolutionKind,
  x: string,
  filter: Weight,
  bias: Weight | undefined,
  attributes: Attributes,
  activation: ElementFunction | undefined,
): string {
  const below = (name: string) => (part === undefined ? name : `${part}/${name}`);
  const finish = (operation: string, inputs: string[], given: Attributes) =>
    part === undefined ? scope.last(operation, inputs, given) : scope.part(part, operation, inputs, given);
  const kernel = scope.kernel(below('filter'), filter);
  if (bias === undefined && activation === undefined)
    return finish(op, [x, kernel], { T: FLOAT, ...attributes });
  // tfjs's fused kernels want a bias before an activation.
  const values = bias ?? {
    shape: [outChannels(op, filter)],
    data: new Float32Array(outChannels(op, filter)),
  };
  const added = scope.weight(below('bias'), values);
  if (scope.dialect.fused) {
    return finish(fused, [x, kernel, added], { T: FLOAT, ...attributes, ...fusion(activation) });
  }
  const convolved = scope.part(below('convolution'), op, [x, kernel], { T: FLOAT, ...attributes });
  const layout: Attributes = addBias === 'BiasAdd' ? { data_format: { string: 'NHWC' } } : {};
  return finish(addBias, [convolved, added], { T: FLOAT, ...layout });
}

/** The attributes that say what a fused node does after its convolution or product. */
export function fusion(activation: ElementFunction | undefined): Attributes {
  const name = activation && FUSABLE[activation.name];
  return {
    num_args: { int: 1 },
    fused_ops: { strings: ['BiasAdd', ...(name === undefined ? [] : [name])] },
    epsilon: { float: 0 },
  };
}

function outChannels(op: string, { shape }: Weight): number {
  return op === DEPTHWISE.op ? shape[2] * shape[3] : shape[3];
}

function geometry({ filter, strides, dilations, padding }: Convolution, shape: Shape) {
  const kind = paddingKind(padding, shape, filter.shape, strides, dilations);
  const { top, bottom, left, right } = padding;
  return {
    strides: { ints: [1, ...strides, 1] },
    dilations: { ints: [1, ...dilations, 1] },
    padding: { string: kind },
    explicit_paddings: { ints: kind === 'EXPLICIT' ? [0, 0, top, bottom, left, right, 0, 0] : [] },
    data_format: { string: 'NHWC' },
  };
}

/** Of the last axis, the channels that a group puts out. */
function channelsOf({ shape, data }: Weight, group: number, groups: number): Weight {
  const all = shape[shape.length - 1];
  const size = all / groups;
  const part = new Float32Array(data.length / groups);
  for (let row = 0; row * all < data.length; row++) {
    const begin = row * all + group * size;
    part.set(data.subarray(begin, begin + size), row * size);
  }
  return { shape: [...shape.slice(0, -1), size], data: part };
}
