import { CardinalError } from '../errors';
import type { Argument, LayerCall } from './keras-graph';
import { excerpt, isObject, type Json, type JsonObject, type LayerEntry } from './keras-json';
import { difference, refused, type TfjsLayer } from './keras-layers';

type Shape = readonly (number | null)[];
type Constant = number | readonly number[];

/** One call of an operation of Keras 3, which stands in the graph in place of a layer: `x / 255`, `ops.relu(x)`. */
interface Operation {
  readonly className: string;
  readonly name: string;
  readonly config: JsonObject;
  readonly given: readonly Argument[];
  readonly shapes: readonly Shape[];
}

/** Whether an entry of a graph is an operation: Keras tells by the module, since layers have the same class names. */
export function isOperation({ module }: LayerEntry): boolean {
  return typeof module === 'string' && /^keras\.(src\.)?ops\b/.test(module);
}

/**
 * An operation as the layers that compute the same.
 *
 * @throws CardinalError for an operation that no layers compute, or operands that they do not take
 */
export function operationLayers({ className, config, name }: LayerEntry, call: LayerCall): TfjsLayer[] {
  const operation: Operation = {
    className,
    name: String(config.name ?? name),
    config,
    given: call.arguments,
    shapes: call.shapes,
  };
  if (Object.hasOwn(ACTIVATIONS, className)) return activation(operation);
  if (!Object.hasOwn(OPERATIONS, className)) {
    throw new CardinalError(
      `this operation is not among those that are loaded: ${[...Object.keys(OPERATIONS), ...Object.keys(ACTIVATIONS)].sort().join(', ')}`,
    );
  }
  return OPERATIONS[className](operation);
}

const OPERATIONS: Readonly<Record<string, (operation: Operation) => TfjsLayer[]>> = {
  Add: (operation) =>
    elementwise(operation, { merge: 'Add', right: (offset) => [1, offset], left: (offset) => [1, offset] }),
  Multiply: (operation) =>
    elementwise(operation, { merge: 'Multiply', right: (scale) => [scale, 0], left: (scale) => [scale, 0] }),
  Subtract: (operation) =>
    elementwise(operation, {
      merge: 'Subtract',
      right: (offset) => [1, each(offset, (value) => -value)],
      left: (offset) => [-1, offset],
    }),
  Divide: divide,
  TrueDivide: divide,
  Maximum: (operation) => elementwise(operation, { merge: 'Maximum' }),
  Minimum: (operation) => elementwise(operation, { merge: 'Minimum' }),
  Negative: (operation) => rescaled(operation, -1, 0),
  Concatenate: (operation) => [
    layer(operation, 'Concatenate', { axis: operation.config.axis ?? -1 }, listOf(operation)),
  ],
  Reshape: (operation) => {
    const { newshape } = operation.config;
    const whole = Array.isArray(newshape) ? newshape : [];
    const [batch] = operation.shapes[0] ?? [];
    // One length may be open, and a layer leaves that of the batch open by itself.
    const elements = (shape: readonly Json[]) =>
      shape.reduce<number>((product, length) => product * Number(length), 1);
    const isKept = whole[0] === -1 || (batch !== null && whole[0] === batch);
    if (!isKept || elements(whole.slice(1)) !== elements(operation.shapes[0]?.slice(1) ?? [])) {
      throw refused('newshape', 'the batch first, as -1', newshape ?? null);
    }
    return [layer(operation, 'Reshape', { targetShape: whole.slice(1) })];
  },
  Mean: (operation) => pooled(operation, 'GlobalAveragePooling2D'),
  Max: (operation) => pooled(operation, 'GlobalMaxPooling2D'),
  Transpose: (operation) => {
    const { axes } = operation.config;
    if (!Array.isArray(axes) || axes[0] !== 0) throw refused('axes', 'the batch first', axes ?? null);
    return [layer(operation, 'Permute', { dims: axes.slice(1) })];
  },
  GetItem: channels,
  Stack: stacked,
};

/** Operations that are activations of tfjs under another name, or the same. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  Elu: 'elu',
  Gelu: 'gelu',
  Mish: 'mish',
  Relu: 'relu',
  Relu6: 'relu6',
  Selu: 'selu',
  Sigmoid: 'sigmoid',
  Silu: 'swish',
  Softmax: 'softmax',
  Softplus: 'softplus',
  Softsign: 'softsign',
  Tanh: 'tanh',
};

function activation(operation: Operation): TfjsLayer[] {
  const { className, config } = operation;
  const { axis = -1, alpha = 1, approximate = false } = config;
  if (axis !== -1 && axis !== (operation.shapes[0]?.length ?? 0) - 1) throw refused('axis', '-1', axis);
  if (alpha !== 1) throw refused('alpha', '1', alpha);
  if (approximate !== false) throw refused('approximate', 'False', approximate);
  return [layer(operation, 'Activation', { activation: ACTIVATIONS[className] })];
}

/** What an operation with a constant is as `x · scale + offset`, the constant at its right or its left. */
interface Elementwise {
  /** The layer of two tensors. */
  readonly merge: string;
  readonly right?: (constant: Constant) => readonly [scale: Constant, offset: Constant];
  readonly left?: (constant: Constant) => readonly [scale: Constant, offset: Constant];
}

function elementwise(operation: Operation, { merge, right, left }: Elementwise): TfjsLayer[] {
  const [a, b] = operation.given;
  if (isInput(a) && isInput(b)) {
    const [one, other] = [operation.shapes[a.input], operation.shapes[b.input]];
    // tfjs lines shapes up at the other end.
    if (one.length !== other.length) {
      throw new CardinalError(`expected tensors of one rank. Received: ${excerpt([[...one], [...other]])}`);
    }
    if (merge !== 'Subtract') return [layer(operation, merge, {}, [a.input, b.input])];
    return difference(operation.name).map(({ reads = [], ...made }) => ({
      ...made,
      reads: reads.map((read) => (read === 0 ? a.input : read === 1 ? b.input : read)),
    }));
  }
  const isRight = isInput(a);
  const scaling = isRight ? right : left;
  const [input, constant] = isRight ? [a, b] : [b, a];
  if (scaling === undefined || !isInput(input)) {
    throw new CardinalError(`expected two tensors. Received: ${describe(a)}, ${describe(b)}`);
  }
  return rescaled(operation, ...scaling(constantOf(constant, operation.shapes[input.input])));
}

function divide(operation: Operation): TfjsLayer[] {
  const [a, b] = operation.given;
  if (!isInput(a) || isInput(b)) {
    throw new CardinalError(`expected a tensor by a constant. Received: ${describe(a)}, ${describe(b)}`);
  }
  return rescaled(
    operation,
    each(constantOf(b, operation.shapes[a.input]), (value) => 1 / value),
    0,
  );
}

function rescaled(operation: Operation, scale: Constant, offset: Constant): TfjsLayer[] {
  return [layer(operation, 'Rescaling', { scale: scale as Json, offset: offset as Json })];
}

function pooled(operation: Operation, className: string): TfjsLayer[] {
  const { axis, keepdims } = operation.config;
  const shape = operation.shapes[0] ?? [];
  const axes = [axis ?? []]
    .flat()
    .map((each) => (each as number) + ((each as number) < 0 ? shape.length : 0));
  if (shape.length !== 4 || axes.sort().join() !== '1,2')
    throw refused('axis', '[1, 2] of images', axis ?? null);
  const pool = layer(operation, className, {});
  if (keepdims !== true) return [pool];
  const targetShape = [1, 1, shape[3]];
  return [pool, { className: 'Reshape', config: { name: `${operation.name}_keepdims`, targetShape } }];
}

/** `x[..., 2]`, `x[..., 1:3]`, `x[..., ::-1]`: some of the channels. */
function channels(operation: Operation): TfjsLayer[] {
  const [, key] = operation.given;
  const shape = operation.shapes[0] ?? [];
  const count = shape.at(-1);
  const items = literal(key);
  const [rest, last] = Array.isArray(items) && items.length === 2 ? items : [null, null];
  const isLast =
    isObject(rest) && /^(__ellipsis__|Ellipsis)$/.test(String(rest.class_name ?? rest.className));
  if (!isLast || typeof count !== 'number') throw refused('key', '[..., channels]', items);
  const { name } = operation;
  if (typeof last === 'number') {
    const begin = last < 0 ? last + count : last;
    return [
      layer({ ...operation, name: `${name}_channel` }, 'ChannelSlice', { begin, size: 1 }),
      { className: 'Reshape', config: { name, targetShape: fixed(shape.slice(1, -1)) } },
    ];
  }
  const range = isObject(last) && isObject(last.config) ? last.config : {};
  const { start = null, stop = null, step = null } = range;
  if (start === null && stop === null && step === -1) {
    const parts = Array.from({ length: count }, (_, i) => `${name}_${count - 1 - i}`);
    return [
      ...parts.map((part, i) =>
        layer({ ...operation, name: part }, 'ChannelSlice', { begin: count - 1 - i, size: 1 }),
      ),
      { className: 'Concatenate', config: { name, axis: -1 }, reads: parts },
    ];
  }
  const [from, to] = [start ?? 0, stop ?? count].map((at) =>
    typeof at === 'number' && at < 0 ? at + count : at,
  );
  if (typeof from !== 'number' || typeof to !== 'number' || (step !== null && step !== 1) || to <= from) {
    throw refused('key', '[..., channels] one after the other', last);
  }
  return [layer(operation, 'ChannelSlice', { begin: from, size: Math.min(to, count) - from })];
}

function stacked(operation: Operation): TfjsLayer[] {
  const { name, shapes, config } = operation;
  const inputs = listOf(operation);
  const shape = shapes[0] ?? [];
  if (config.axis !== -1 && config.axis !== shape.length) throw refused('axis', '-1', config.axis ?? null);
  const parts = inputs.map((_, i) => `${name}_${i}`);
  return [
    ...inputs.map((input, i): TfjsLayer => ({
      className: 'Reshape',
      config: { name: parts[i], targetShape: [...fixed(shape.slice(1)), 1] },
      reads: [input],
    })),
    { className: 'Concatenate', config: { name, axis: -1 }, reads: parts },
  ];
}

function fixed(shape: Shape): number[] {
  if (shape.includes(null)) throw refused('shape', 'a fixed height and width', [...shape]);
  return [...shape] as number[];
}

/** A layer in place of the operation; of its one input where nothing else is said. */
function layer(
  operation: Operation,
  className: string,
  config: JsonObject,
  reads: readonly number[] = [oneInput(operation)],
): TfjsLayer {
  return { className, config: { name: operation.name, ...config }, reads };
}

/** The one tensor that the operation is given. */
function oneInput({ given }: Operation): number {
  const inputs = given.filter(isInput);
  if (inputs.length !== 1) throw new CardinalError(`expected one tensor. Received: ${inputs.length}`);
  return inputs[0].input;
}

/** The tensors of the one list that the operation is given. */
function listOf({ given }: Operation): number[] {
  const [first] = given;
  const list = first !== undefined && 'list' in first ? first.list : [];
  const inputs = list.filter(isInput);
  if (inputs.length === 0 || inputs.length < list.length) {
    throw new CardinalError(`expected a list of tensors. Received: ${describe(first)}`);
  }
  return inputs.map(({ input }) => input);
}

function isInput(argument: Argument | undefined): argument is { readonly input: number } {
  return argument !== undefined && 'input' in argument;
}

/** A number, or one for each channel of a tensor of `shape`. */
function constantOf(argument: Argument | undefined, shape: Shape): Constant {
  const json = literal(argument);
  const value = isObject(json) && isObject(json.config) ? json.config.value : json;
  if (typeof value === 'number') return value;
  const channels = innermost(value);
  if (channels !== undefined && channels.length === 1) return channels[0];
  if (channels !== undefined && channels.length === shape.at(-1) && depth(value) <= shape.length)
    return channels;
  throw new CardinalError(`expected a number, or one for each channel. Received: ${excerpt(json)}`);
}

/** The numbers of `[…, [[a, b, c]]]`. */
function innermost(value: Json | undefined): number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  if (value.every((item): item is number => typeof item === 'number')) return value;
  return value.length === 1 ? innermost(value[0]) : undefined;
}

function depth(value: Json | undefined): number {
  return Array.isArray(value) ? 1 + depth(value[0]) : 0;
}

/** What an argument without a tensor is as JSON. */
function literal(argument: Argument | undefined): Json {
  if (argument === undefined || 'input' in argument) return null;
  return 'constant' in argument ? argument.constant : argument.list.map(literal);
}

function describe(argument: Argument | undefined): string {
  return isInput(argument) ? 'a tensor' : excerpt(literal(argument));
}

function each(constant: Constant, change: (value: number) => number): Constant {
  return typeof constant === 'number' ? change(constant) : constant.map(change);
}
