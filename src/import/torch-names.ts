import { CardinalError } from '../errors';

/**
 * How a weight of ours and PyTorch's tensor for it correspond. The layers of the zoo carry PyTorch's module names, so one
 * rule by the weight's own name and rank serves every model:
 *
 * | ours | shape | PyTorch's | shape |
 * | --- | --- | --- | --- |
 * | `m/kernel` of a convolution | `[kh, kw, in / groups, out]` | `m.weight` | `[out, in / groups, kh, kw]` |
 * | `m/depthwise_kernel` | `[kh, kw, in, multiplier]` | `m.weight` | `[in * multiplier, 1, kh, kw]` |
 * | `m/kernel` of a linear layer | `[in, out]` | `m.weight` | `[out, in]` |
 * | `m/bias` | `[out]` | `m.bias` | the same |
 * | `m/gamma`, `m/beta` of a norm | `[channels]` | `m.weight`, `m.bias` | the same |
 * | `m/moving_mean`, `m/moving_variance` | `[channels]` | `m.running_mean`, `m.running_var` | the same |
 * | `m/layer_scale` | `[channels]` | `m.layer_scale` | `[channels, 1, 1]` |
 * | `m/constant` | any | `m` | the same |
 *
 * A layer that consists of several modules names its weights by them: `m/fc1/kernel` is `m.fc1.weight`.
 */
export interface TorchCounterpart {
  /** The key in PyTorch's `state_dict`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** The position among PyTorch's axes of each of our axes; where ranks differ, none moves. */
  readonly axes: readonly number[];
}

/** Where a model's own metadata tells the modules whose names tfjs does not take for layers, by the names that these have. */
export const TORCH_NAMES = 'torchNames';

/** PyTorch's count of the batches that a batch norm has seen; nothing of ours corresponds to it. */
export const BATCH_COUNT = 'num_batches_tracked';

const PARAMETERS: Readonly<Record<string, string>> = {
  kernel: 'weight',
  depthwise_kernel: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
  layer_scale: 'layer_scale',
  // A layer that is nothing but a parameter has that one's name.
  constant: '',
};

/**
 * PyTorch's name and layout for a weight of ours.
 *
 * @param name `layer name/weight name`
 * @param shape ours
 * @throws CardinalError for a weight that PyTorch has no counterpart of
 *
 * @example
 * torchCounterpart('layer1.0.conv2/kernel', [3, 3, 4, 128]);
 * // { name: 'layer1.0.conv2.weight', shape: [128, 4, 3, 3], axes: [2, 3, 1, 0] }
 */
export function torchCounterpart(name: string, shape: readonly number[]): TorchCounterpart {
  const parts = name.split('/');
  const own = parts.pop() as string;
  const parameter = Object.hasOwn(PARAMETERS, own) ? PARAMETERS[own] : undefined;
  if (parameter === undefined || parts.length === 0) {
    throw new CardinalError(`no weight of PyTorch corresponds to ${name} [${shape.join(', ')}]`);
  }
  const path = parameter === '' ? parts : [...parts, parameter];
  return { name: path.join('.'), ...layout(own, shape) };
}

function layout(own: string, shape: readonly number[]): Omit<TorchCounterpart, 'name'> {
  if (own === 'kernel' && shape.length === 4) return permuted(shape, [2, 3, 1, 0]);
  if (own === 'kernel' && shape.length === 2) return permuted(shape, [1, 0]);
  if (own === 'depthwise_kernel') {
    const [height, width, channels, multiplier] = shape;
    // Its channels and their multiples are one axis there, and come first.
    return { shape: [channels * multiplier, 1, height, width], axes: [2, 3, 0, 1] };
  }
  if (own === 'layer_scale') return { shape: [...shape, 1, 1], axes: [0] };
  return { shape, axes: shape.map((_, axis) => axis) };
}

function permuted(shape: readonly number[], axes: readonly number[]): Omit<TorchCounterpart, 'name'> {
  const torch: number[] = [];
  axes.forEach((axis, own) => (torch[axis] = shape[own]));
  return { shape: torch, axes };
}

/** Values in PyTorch's order, put in ours. */
export function fromTorch(
  data: ArrayLike<number>,
  counterpart: TorchCounterpart,
  shape: readonly number[],
): Float32Array {
  const result = new Float32Array(product(shape));
  forEachElement(counterpart, shape, (own, torch) => (result[own] = data[torch]));
  return result;
}

/** Values in our order, put in PyTorch's. */
export function toTorch(
  data: ArrayLike<number>,
  counterpart: TorchCounterpart,
  shape: readonly number[],
): Float32Array {
  const result = new Float32Array(product(shape));
  forEachElement(counterpart, shape, (own, torch) => (result[torch] = data[own]));
  return result;
}

/** Calls `visit` with the position of each element in our order and in PyTorch's, ours ascending. */
function forEachElement(
  { axes }: TorchCounterpart,
  shape: readonly number[],
  visit: (own: number, torch: number) => void,
): void {
  const extents: number[] = [];
  axes.forEach((axis, own) => (extents[axis] = shape[own]));
  const strides = axes.map((axis) => product(extents.slice(axis + 1)));
  let starts = Uint32Array.of(0);
  shape.slice(0, -1).forEach((extent, axis) => {
    const outer = starts;
    starts = new Uint32Array(outer.length * extent);
    for (let at = 0, position = 0; position < outer.length; position++) {
      for (let step = 0; step < extent; step++) starts[at++] = outer[position] + step * strides[axis];
    }
  });
  const [extent, stride] = [shape.at(-1) ?? 1, strides.at(-1) ?? 1];
  let own = 0;
  for (const start of starts) {
    for (let step = 0, torch = start; step < extent; step++, torch += stride) visit(own++, torch);
  }
}

function product(extents: readonly number[]): number {
  return extents.reduce((total, extent) => total * extent, 1);
}
