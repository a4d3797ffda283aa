import type { GraphNode, Shape, Sides, Window } from '../graph/graph';
import { addActivation } from './onnx-activations';
import { permuted, type Attributes, type ImageLayout, type OnnxBuilder } from './onnx-builder';
import { asPointwise, outputFirst } from './onnx-weights';

type NodeOf<Op extends GraphNode['op']> = Extract<GraphNode, { op: Op }>;

/** Adds the operators that compute one node of a graph. Those that it reads are there already. */
export function addOperation(builder: OnnxBuilder, node: GraphNode): void {
  const [x] = node.inputs;
  /** As one operator, or the last of several. */
  const result = (opType: string, layout: ImageLayout, inputs: string[], attributes?: Attributes): void => {
    builder.add(opType, inputs, builder.define(node.name, layout), attributes);
  };
  const inner = (opType: string, inputs: string[], attributes?: Attributes): string =>
    builder.add(opType, inputs, builder.unique(`${node.name}/${opType}`), attributes);
  switch (node.op) {
    case 'input':
      return;
    case 'conv2d': {
      const weights = [
        builder.weight(`${node.name}.weight`, outputFirst(node.filter)),
        ...biasOf(builder, node),
      ];
      return result('Conv', 'nchw', [builder.read(x, 'nchw'), ...weights], convAttributes(node));
    }
    case 'linear':
      return linear(builder, node);
    case 'affine':
      return affine(builder, node);
    case 'layerNorm': {
      const weights = [
        builder.weight(`${node.name}.weight`, node.gamma),
        builder.weight(`${node.name}.bias`, node.beta),
      ];
      const attributes = { ints: { axis: -1 }, floats: { epsilon: node.epsilon } };
      return result('LayerNormalization', 'nhwc', [builder.read(x, 'nhwc'), ...weights], attributes);
    }
    case 'activation': {
      const layout = builder.layoutOf(x);
      const axis = channelAxis(builder, x, layout);
      const from = builder.read(x, layout);
      addActivation(builder, node.function, from, builder.define(node.name, layout), axis);
      return;
    }
    case 'add':
    case 'multiply': {
      const layout = commonLayout(builder, node.inputs);
      const inputs = node.inputs.map((value) => builder.read(value, layout));
      return result(node.op === 'add' ? 'Add' : 'Mul', layout, inputs);
    }
    case 'concat': {
      const layout = commonLayout(builder, node.inputs);
      const inputs = node.inputs.map((value) => builder.read(value, layout));
      return result('Concat', layout, inputs, { ints: { axis: channelAxis(builder, x, layout) } });
    }
    case 'maxPool':
      return result('MaxPool', 'nchw', [builder.read(x, 'nchw')], { ints: windowAttributes(node.window) });
    case 'averagePool': {
      const ints = { ...windowAttributes(node.window), count_include_pad: 0 };
      return result('AveragePool', 'nchw', [builder.read(x, 'nchw')], { ints });
    }
    case 'globalAverage': {
      if (node.keepsAxes) return result('GlobalAveragePool', 'nchw', [builder.read(x, 'nchw')]);
      const averages = inner('GlobalAveragePool', [builder.read(x, 'nchw')]);
      return result('Flatten', 'nhwc', [averages], { ints: { axis: 1 } });
    }
    case 'pad': {
      const { top, bottom, left, right } = node.padding;
      const pads = builder.integers([0, 0, top, left, 0, 0, bottom, right]);
      // ONNX Runtime would make zeros the padding of the pool that reads them, even of a maximum, to which padding is nothing.
      // Those of negative sign it leaves.
      return result('Pad', 'nchw', [builder.read(x, 'nchw'), pads, builder.filled(-0)]);
    }
    case 'slice':
      return slice(builder, node);
    case 'transpose': {
      const layout = builder.layoutOf(x);
      const axes = axesIn(builder, x, layout);
      const perm = [0, ...node.axes].map((axis) => axes.indexOf(axis));
      // Of all readers a reshape is the likeliest, and it wants the elements in the graph's order.
      return result('Transpose', 'nhwc', [builder.read(x, layout)], { ints: { perm } });
    }
    case 'shuffle': {
      const layout = builder.layoutOf(x);
      const { grouped, perm, whole } = shuffleShapes(node, builder.isImage(x) ? layout : 'nhwc');
      const split = inner('Reshape', [builder.read(x, layout), builder.integers(grouped)]);
      const swapped = inner('Transpose', [split], { ints: { perm } });
      return result('Reshape', layout, [swapped, builder.integers(whole)]);
    }
    case 'reshape':
      return reshape(builder, node);
  }
}

function biasOf(builder: OnnxBuilder, { name, bias }: NodeOf<'conv2d' | 'linear'>): string[] {
  return bias === undefined ? [] : [builder.weight(`${name}.bias`, bias)];
}

function convAttributes({ filter, groups, strides, dilations, padding }: NodeOf<'conv2d'>): Attributes {
  const [height, width] = filter.shape;
  return {
    ints: { kernel_shape: [height, width], strides, pads: pads(padding), dilations, group: groups },
  };
}

function windowAttributes({ size, strides, padding }: Window): Attributes['ints'] {
  return { kernel_shape: size, strides, pads: pads(padding) };
}

function pads({ top, bottom, left, right }: Sides): number[] {
  return [top, left, bottom, right];
}

function channelAxis(builder: OnnxBuilder, value: string, layout: ImageLayout): number {
  const axes = axesIn(builder, value, layout);
  return axes.indexOf(axes.length - 1);
}

/** The graph's axes of a value in the order in which they lie. */
function axesIn(builder: OnnxBuilder, value: string, layout: ImageLayout): readonly number[] {
  const axes = [...builder.shapeOf(value).keys()];
  return builder.isImage(value) ? (permuted(axes, layout) as number[]) : axes;
}

/** In which all of some values are at hand, else NCHW. */
function commonLayout(builder: OnnxBuilder, values: readonly string[]): ImageLayout {
  const all = (layout: ImageLayout) => values.every((value) => builder.has(value, layout));
  return !all('nchw') && all('nhwc') ? 'nhwc' : 'nchw';
}

/** Along those axes alone of which something is left out. */
function slice(builder: OnnxBuilder, { name, inputs: [x], begin, shape }: NodeOf<'slice'>): void {
  const layout = builder.layoutOf(x);
  const whole = builder.shapeOf(x);
  const axes = axesIn(builder, x, layout);
  const cut = axes.filter((axis) => shape[axis] !== whole[axis]);
  const starts = cut.map((axis) => begin[axis - 1]);
  const ends = cut.map((axis) => begin[axis - 1] + (shape[axis] as number));
  const range = [starts, ends, cut.map((axis) => axes.indexOf(axis))].map((ints) => builder.integers(ints));
  builder.add('Slice', [builder.read(x, layout), ...range], builder.define(name, layout));
}

/** `Gemm` of a vector, a 1x1 `Conv` of images in NCHW, and `MatMul` of what else has its channels last. */
function linear(builder: OnnxBuilder, node: NodeOf<'linear'>): void {
  const [x] = node.inputs;
  const name = `${node.name}.weight`;
  if (builder.isImage(x) && builder.layoutOf(x) === 'nchw') {
    const weights = [builder.weight(name, asPointwise(node.kernel)), ...biasOf(builder, node)];
    const inputs = [builder.read(x, 'nchw'), ...weights];
    builder.add('Conv', inputs, builder.define(node.name, 'nchw'), { ints: { kernel_shape: [1, 1] } });
    return;
  }
  const inputs = [builder.read(x, 'nhwc'), builder.weight(name, node.kernel)];
  const bias = biasOf(builder, node);
  if (node.shape.length === 2) {
    builder.add('Gemm', [...inputs, ...bias], builder.define(node.name, 'nhwc'));
  } else if (bias.length === 0) {
    builder.add('MatMul', inputs, builder.define(node.name, 'nhwc'));
  } else {
    const product = builder.add('MatMul', inputs, builder.unique(`${node.name}/MatMul`));
    builder.add('Add', [product, ...bias], builder.define(node.name, 'nhwc'));
  }
}

/** Batch norm of mean 0 and variance 1 where the channels come second, otherwise, or without a shift, factors and terms. */
function affine(builder: OnnxBuilder, { name, inputs: [x], scale, shift }: NodeOf<'affine'>): void {
  const layout = builder.layoutOf(x);
  const [channels] = scale.shape;
  const isShifted = shift.data.some((value) => value !== 0);
  const channelsSecond = builder.isImage(x) ? layout === 'nchw' : builder.shapeOf(x).length === 2;
  if (isShifted && channelsSecond) {
    const inputs = [
      builder.read(x, layout),
      builder.weight(`${name}.weight`, scale),
      builder.weight(`${name}.bias`, shift),
      builder.filled(0, [channels]),
      builder.filled(1, [channels]),
    ];
    builder.add('BatchNormalization', inputs, builder.define(name, layout), { floats: { epsilon: 0 } });
    return;
  }
  const shape = channelsSecond && builder.isImage(x) ? [channels, 1, 1] : [channels];
  const factors = builder.weight(`${name}.weight`, { shape, data: scale.data });
  if (!isShifted) {
    builder.add('Mul', [builder.read(x, layout), factors], builder.define(name, layout));
    return;
  }
  const product = builder.add('Mul', [builder.read(x, layout), factors], builder.unique(`${name}/Mul`));
  const terms = builder.weight(`${name}.bias`, { shape, data: shift.data });
  builder.add('Add', [product, terms], builder.define(name, layout));
}

/** Channels as `[groups, channels / groups]`, those two swapped, and as channels again; a length of 0 is the batch's. */
function shuffleShapes({ groups, shape }: NodeOf<'shuffle'>, layout: ImageLayout) {
  const lengths = shape.slice(1) as number[];
  const channels = lengths.at(-1) as number;
  const positions = lengths.slice(0, -1).reduce((product, length) => product * length, 1);
  const split = [groups, channels / groups];
  if (layout === 'nchw') {
    return { grouped: [0, ...split, positions], perm: [0, 2, 1, 3], whole: batchOf(permuted(shape, 'nchw')) };
  }
  return { grouped: [0, positions, ...split], perm: [0, 1, 3, 2], whole: batchOf(shape) };
}

/** The elements are in the order of NHWC, which is NCHW's too where there is one position or one channel. */
function reshape(builder: OnnxBuilder, { name, inputs: [x], shape }: NodeOf<'reshape'>): void {
  const from = builder.read(x, isOneLine(builder.shapeOf(x)) ? builder.layoutOf(x) : 'nhwc');
  const layout: ImageLayout = shape.length === 4 && isOneLine(shape) ? 'nchw' : 'nhwc';
  const output = builder.define(name, layout);
  if (shape.length === 2) builder.add('Flatten', [from], output, { ints: { axis: 1 } });
  else builder.add('Reshape', [from, builder.integers(batchOf(permuted(shape, layout)))], output);
}

function isOneLine(shape: Shape): boolean {
  const [, height, width, channels] = shape;
  return shape.length === 4 && (height * width === 1 || channels === 1);
}

/** For `Reshape`, to which a length of 0 means that of its input. */
function batchOf(shape: readonly (number | null)[]): number[] {
  return shape.map((length) => length ?? 0);
}
