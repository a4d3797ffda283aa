import * as tf from '@tensorflow/tfjs';
import type { OptionNames } from '../check-options';
import { check, unknownChoice } from '../errors';
import { checkedArgs, LAYER_OPTIONS, type LayerArgs } from './layer-args';
import { oneInput, oneShape } from './one-input';

type Parameters = Required<Pick<ElementFunctionArgs, 'alpha' | 'gamma' | 'minimum' | 'maximum'>>;

/** Each by its name; a function with steps has a gradient of 0. */
const FUNCTIONS = {
  abs: tf.abs,
  negative: tf.neg,
  sign: tf.sign,
  ceil: tf.ceil,
  floor: tf.floor,
  round: tf.round,
  sqrt: tf.sqrt,
  exp: tf.exp,
  log: tf.log,
  reciprocal: tf.reciprocal,
  erf: tf.erf,
  sin: tf.sin,
  cos: tf.cos,
  softsign: (x) => tf.div(x, tf.add(tf.abs(x), 1)),
  mish: (x) => tf.mul(x, tf.tanh(tf.softplus(x))),
  /** The whole number that is left of each number when its fraction is cut off. */
  truncate: (x) => tf.mul(tf.sign(x), tf.floor(tf.abs(x))),
  /** 1 for each number that is not 0. */
  isNonzero: (x) => tf.abs(tf.sign(x)),
  clip: (x, { minimum, maximum }) => tf.minimum(tf.maximum(x, minimum), maximum),
  elu: (x, { alpha }) => belowZero(x, (negative) => tf.mul(alpha, tf.expm1(negative))),
  celu: (x, { alpha }) => belowZero(x, (negative) => tf.mul(alpha, tf.expm1(tf.div(negative, alpha)))),
  selu: (x, { alpha, gamma }) =>
    tf.mul(
      gamma,
      belowZero(x, (negative) => tf.mul(alpha, tf.expm1(negative))),
    ),
  swish: (x, { alpha }) => tf.mul(x, tf.sigmoid(tf.mul(alpha, x))),
  thresholdedRelu: (x, { alpha }) => tf.mul(x, tf.abs(tf.sign(tf.relu(tf.sub(x, alpha))))),
  /** GELU by tanh, as BERT had it. */
  tanhGelu: (x) => {
    const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.mul(x, x)))));
    return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
  },
} satisfies Readonly<Record<string, (x: tf.Tensor, parameters: Parameters) => tf.Tensor>>;

/** What {@link elementFunction} can compute. */
export type ElementFunctionName = keyof typeof FUNCTIONS;

/** Options of {@link elementFunction}. */
export interface ElementFunctionArgs extends LayerArgs {
  function: ElementFunctionName;
  /** Of `elu`, `celu`, `selu`, `swish` and `thresholdedRelu`; 1 by default. */
  alpha?: number;
  /** Of `selu`; 1 by default. */
  gamma?: number;
  /** Of `clip`; none by default. */
  minimum?: number;
  /** Of `clip`; none by default. */
  maximum?: number;
}

const OPTION_NAMES: OptionNames<ElementFunctionArgs> = {
  function: true,
  alpha: true,
  gamma: true,
  minimum: true,
  maximum: true,
  ...LAYER_OPTIONS,
};

/**
 * A function of each element alone, at any shape; no weights. It is registered for saving and loading under the class name
 * `ElementFunction`.
 */
export class ElementFunction extends tf.layers.Layer {
  static readonly className = 'ElementFunction';

  readonly function: ElementFunctionName;
  private readonly parameters: Parameters;

  constructor(args: ElementFunctionArgs) {
    super(checkedArgs('ElementFunction', args, OPTION_NAMES));
    const { alpha = 1, gamma = 1, minimum = -LARGEST, maximum = LARGEST } = args;
    if (!Object.hasOwn(FUNCTIONS, args.function))
      throw unknownChoice('function', args.function, Object.keys(FUNCTIONS));
    this.function = args.function;
    this.parameters = { alpha, gamma, minimum, maximum };
    for (const [name, value] of Object.entries(this.parameters))
      check(Number.isFinite(value), name, 'a number', value);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => FUNCTIONS[this.function](oneInput(inputs), this.parameters));
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return oneShape(inputShape);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), function: this.function, ...this.parameters };
  }
}

/** JSON has no infinity. */
const LARGEST = 3.4028234663852886e38;

function belowZero(x: tf.Tensor, compute: (negative: tf.Tensor) => tf.Tensor): tf.Tensor {
  return tf.add(tf.relu(x), compute(tf.minimum(x, 0)));
}

tf.serialization.registerClass(ElementFunction);

/**
 * A layer that computes a function of each element.
 *
 * @throws InvalidArgumentError for a function that is none, or a parameter that is no number
 *
 * @example
 * const y = elementFunction({ function: 'clip', minimum: -1, maximum: 1 }).apply(x);
 */
export function elementFunction(args: ElementFunctionArgs): ElementFunction {
  return new ElementFunction(args);
}
