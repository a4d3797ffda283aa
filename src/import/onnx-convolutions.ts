import { batchNormalization } from '../layers/batch-normalization';
import { groupedConv2D } from '../layers/grouped-conv2d';
import { resolvePadding, type Padding } from '../ops/conv-spec';
import type { LayerWeights } from './onnx-layers';
import { imageValue, lengthsOf, type NodeScope, type Operators } from './onnx-scope';
import { floats, type Constant } from './onnx-tensors';
import { fromTorch, torchCounterpart } from './torch-names';

export const CONVOLUTION_OPERATORS: Operators = {
  Conv: (scope) => {
    const x = scope.image(0);
    const weight = scope.constant(1);
    if (weight.dims.length !== 4)
      throw scope.fails(`its weight has the shape [${weight.dims.join(', ')}], not 4 axes`);
    const [filters, depth, ...kernelSize] = weight.dims as [number, number, number, number];
    const { attributes } = scope;
    const groups = attributes.number('group', 1);
    const channels = x.shape[3] as number;
    if (depth * groups !== channels || filters % groups !== 0) {
      throw scope.fails(
        `its weight [${weight.dims.join(', ')}] in ${groups} groups does not fit ${channels} input channels`,
      );
    }
    const told = attributes.numbers('kernel_shape') ?? kernelSize;
    if (told.join() !== kernelSize.join())
      throw scope.fails(`its kernel_shape is [${told.join(', ')}] for a weight [${weight.dims.join(', ')}]`);
    const strides = twoOf(scope, 'strides', 1);
    const dilationRate = twoOf(scope, 'dilations', 1);
    const size = [x.shape[1], x.shape[2]] as [number, number];
    const options = {
      filters,
      kernelSize,
      groups,
      strides,
      dilationRate,
      padding: paddingOf(scope, size, kernelSize, strides, dilationRate),
    };
    const shape = [...kernelSize, depth, filters];
    const kernel = fromTorch(weight.data, torchCounterpart('conv/kernel', shape), shape);
    const bias = biasOf(scope, filters);
    const weights = { kernel: { shape, data: kernel }, ...bias };
    const make = () => groupedConv2D({ ...options, name: scope.unique(1), useBias: bias.bias !== undefined });
    return imageValue(scope.applyShared([1, 2], options, make, x, weights));
  },

  BatchNormalization: (scope) => {
    if (scope.attributes.number('training_mode', 0) !== 0) {
      throw scope.fails(
        'its training_mode is 1: it normalises by the batch at hand, also in inference. Export the model in evaluation mode',
      );
    }
    const value = scope.value(0);
    const axis = scope.axis(1, value.view.file.length);
    const channels = lengthsOf(value)[axis - 1];
    const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((index) => {
      const constant = scope.constant(index);
      if (constant.dims.length !== 1 || constant.data.length !== channels) {
        throw scope.fails(
          `its input ${index} has the shape [${constant.dims.join(', ')}] where ${channels} channels come in`,
        );
      }
      return { shape: [channels], data: floats(constant) };
    });
    const layer = batchNormalization({
      name: scope.unique(1),
      epsilon: shortest(scope.attributes.number('epsilon', 1e-5)),
      momentum: shortest(scope.attributes.number('momentum', 0.9)),
    });
    const weights = { gamma, beta, moving_mean: mean, moving_variance: variance };
    return scope.along(value, axis, layer, weights);
  },
};

/** One number for height and one for width. */
export function twoOf(scope: NodeScope, attribute: string, otherwise: number): [number, number] {
  const values = scope.attributes.numbers(attribute) ?? [otherwise, otherwise];
  if (values.length !== 2 || !values.every((value) => Number.isSafeInteger(value) && value >= 1)) {
    throw scope.fails(`its ${attribute} are [${values.join(', ')}], not two whole numbers`);
  }
  return [values[0], values[1]];
}

/** Zeros, or nothing, at `[top, left, bottom, right]`, by the node's `pads` and `auto_pad`. */
export function padsOf(
  scope: NodeScope,
  size: [number, number],
  kernel: [number, number],
  strides: [number, number],
  dilations: [number, number],
): [top: number, left: number, bottom: number, right: number] {
  const automatic = scope.attributes.text('auto_pad', 'NOTSET');
  // Of no account beside another auto_pad than NOTSET.
  const pads = scope.attributes.numbers('pads') ?? [0, 0, 0, 0];
  if (automatic === 'VALID') return [0, 0, 0, 0];
  if (automatic === 'SAME_UPPER' || automatic === 'SAME_LOWER') {
    const { top, left, bottom, right } = resolvePadding('same', size, kernel, strides, dilations);
    return automatic === 'SAME_UPPER' ? [top, left, bottom, right] : [bottom, right, top, left];
  }
  if (
    automatic !== 'NOTSET' ||
    pads.length !== 4 ||
    !pads.every((zeros) => Number.isSafeInteger(zeros) && zeros >= 0)
  ) {
    throw scope.fails(`its padding is ${automatic} [${pads.join(', ')}]`);
  }
  return pads as unknown as [number, number, number, number];
}

function paddingOf(...of: Parameters<typeof padsOf>): Padding {
  const [top, left, bottom, right] = padsOf(...of);
  if (top !== bottom || left !== right) {
    return [
      [top, bottom],
      [left, right],
    ];
  }
  return top === left ? top : [top, left];
}

function biasOf(scope: NodeScope, filters: number): LayerWeights {
  const bias: Constant | undefined = scope.optionalConstant(2);
  if (bias === undefined) return {};
  if (bias.dims.length !== 1 || bias.data.length !== filters) {
    throw scope.fails(`its bias has the shape [${bias.dims.join(', ')}] where it has ${filters} filters`);
  }
  // Exporters write zeros where the module has no bias. Before a batch norm no step would ever move them.
  if (!/bias$/.test(scope.node.inputs[2]) && bias.data.every((value) => value === 0)) return {};
  return { bias: { shape: [filters], data: floats(bias) } };
}

/** The shortest decimal number with the same float32: 1e-5 for what a file has as 9.999999747378752e-06. */
export function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}
