import { CardinalError } from '../errors';
import { camelCase } from '../formats/camel-case';
import { excerpt, isObject, type Json, type JsonObject } from './keras-json';

const ACTIVATIONS: ReadonlySet<string> = new Set(
  'elu gelu linear mish relu relu6 selu sigmoid softmax softplus softsign swish tanh'.split(' '),
);

/** Where tfjs has another name, or another function by that name. */
const RENAMED: Readonly<Record<string, string>> = {
  silu: 'swish',
  hardSilu: 'hardSilu',
  hardSwish: 'hardSilu',
  hardSigmoid3: 'hardSigmoid3',
};

const INITIALIZERS: ReadonlySet<string> = new Set(
  (
    'Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LeCunNormal LeCunUniform Ones Orthogonal ' +
    'RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros'
  ).split(' '),
);
const INITIALIZER_OPTIONS = 'value mean stddev minval maxval scale mode distribution gain seed'.split(' ');
const CONSTRAINTS: ReadonlySet<string> = new Set(['MaxNorm', 'UnitNorm', 'NonNeg', 'MinMaxNorm']);
const CONSTRAINT_OPTIONS = ['maxValue', 'minValue', 'rate', 'axis'];

/**
 * The value of an option as tfjs's layers take it.
 *
 * @param isKeras3 whether Keras 3 wrote the config, whose hard sigmoid is not Keras 2's
 * @throws CardinalError for an activation, a regulariser or a constraint that tfjs has no counterpart of
 */
export function tfjsOption(option: string, value: Json, isKeras3: boolean): Json | undefined {
  if (value === null) return null;
  if (option === 'activation') return activation(value, isKeras3);
  if (option.endsWith('Initializer')) return initializer(value);
  if (option.endsWith('Regularizer')) return regularizer(value);
  if (option.endsWith('Constraint')) return constraint(value);
  return value;
}

function activation(value: Json, isKeras3: boolean): string {
  const { name } = named(value);
  const key = camelCase(name ?? '');
  if (key === 'hardSigmoid') return isKeras3 ? 'hardSigmoid3' : key;
  if (ACTIVATIONS.has(key)) return key;
  if (Object.hasOwn(RENAMED, key)) return RENAMED[key];
  const known = [...ACTIVATIONS, 'silu', 'hard_silu', 'hard_sigmoid'].sort().join(', ');
  throw new CardinalError(`activation: expected one of ${known}. Received: ${excerpt(value)}`);
}

/** Where tfjs does not know it, the layer's default: weights that come from a file are never initialised. */
function initializer(value: Json): Json | undefined {
  const { name = '', config } = named(value);
  const className = upperFirst(camelCase(name)).replace('Lecun', 'LeCun');
  if (!INITIALIZERS.has(className)) return undefined;
  const options = pick(config, INITIALIZER_OPTIONS);
  if (typeof options.seed !== 'number') delete options.seed;
  return { className, config: options };
}

function regularizer(value: Json): Json {
  const { name = '', config } = named(value);
  const className = upperFirst(camelCase(name));
  if (!['L1', 'L2', 'L1L2'].includes(className)) throw unknown('regularizer', 'L1, L2 or L1L2', value);
  const { l1 = className === 'L1' ? 0.01 : 0, l2 = className === 'L2' ? 0.01 : 0 } = config;
  return { className: 'L1L2', config: { l1, l2 } };
}

function constraint(value: Json): Json {
  const { name = '', config } = named(value);
  const className = upperFirst(camelCase(name));
  if (!CONSTRAINTS.has(className)) throw unknown('constraint', [...CONSTRAINTS].join(', '), value);
  return { className, config: pick(config, CONSTRAINT_OPTIONS) };
}

function unknown(option: string, expected: string, value: Json): CardinalError {
  return new CardinalError(`${option}: expected ${expected}. Received: ${excerpt(value)}`);
}

/** An object of Keras is saved by its name alone, or by its class and config. */
function named(value: Json): { name?: string; config: JsonObject } {
  if (typeof value === 'string') return { name: value, config: {} };
  if (!isObject(value)) return { config: {} };
  // A function is saved as `{class_name: 'function', config: its name}`.
  if (typeof value.config === 'string') return { name: value.config, config: {} };
  const name = typeof value.className === 'string' ? value.className : undefined;
  return { name, config: isObject(value.config) ? value.config : {} };
}

function pick(config: JsonObject, options: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(config).filter(([key]) => options.includes(key)));
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
