import type * as tf from '@tensorflow/tfjs';

/** A thing that callers take one for another, by what it has. */
export type Kind =
  | 'GraphModel'
  | 'Graph'
  | 'ImageDataset'
  | 'Layer'
  | 'LayersModel'
  | 'OptimizedModel'
  | 'Promise'
  | 'SymbolicTensor'
  | 'Tensor';

type Fields = Readonly<Record<string, unknown>>;

const isFunction = (value: unknown): boolean => typeof value === 'function';

// By what they have and not by `instanceof`: a program may hold two copies of tfjs, whose classes are not the same and whose
// models and tensors are, since both copies share one engine. The order matters: a model is a layer too.
const KINDS: readonly (readonly [kind: Kind, has: (value: Fields) => boolean])[] = [
  ['Promise', ({ then }) => isFunction(then)],
  ['Tensor', ({ dataId, shape, dtype }) => dataId != null && Array.isArray(shape) && dtype !== undefined],
  ['SymbolicTensor', ({ sourceLayer, shape }) => sourceLayer != null && Array.isArray(shape)],
  ['LayersModel', ({ layers, getLayer }) => Array.isArray(layers) && isFunction(getLayer)],
  ['Layer', ({ inboundNodes, apply }) => Array.isArray(inboundNodes) && isFunction(apply)],
  ['GraphModel', ({ executeAsync, predict }) => isFunction(executeAsync) && isFunction(predict)],
  ['OptimizedModel', ({ engine, predict }) => typeof engine === 'string' && isFunction(predict)],
  ['Graph', ({ nodes, outputs }) => Array.isArray(nodes) && Array.isArray(outputs)],
  [
    'ImageDataset',
    ({ images, labels, classNames }) => [images, labels, classNames].every((part) => part != null),
  ],
];

/** What kind of thing a value is; `undefined` for text, numbers and other plain data. */
export function kindOf(value: unknown): Kind | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return KINDS.find(([, has]) => has(value as Fields))?.[0];
}

/** Whether a value, such as a layer of a model, is a model of layers, of whichever copy of tfjs. */
export function isLayersModel(value: unknown): value is tf.LayersModel {
  return kindOf(value) === 'LayersModel';
}

/** Whether a model is a sequential one, of whichever copy of tfjs. */
export function isSequential(model: tf.LayersModel): model is tf.Sequential {
  return model.getClassName() === 'Sequential';
}

/** What a caller is told that came, where its JSON would say less: `a GraphModel`, `a tensor [1, 224, 224, 3]`. */
export function kindText(value: object): string | undefined {
  const { name, shape, length, size } = value as Fields;
  const named = typeof name === 'string' ? ` '${name}'` : '';
  switch (kindOf(value)) {
    case 'Promise':
      return 'a promise';
    case 'Tensor':
      return `a tensor [${(shape as unknown[]).join(', ')}]`;
    case 'SymbolicTensor':
      return 'a symbolic tensor';
    case 'LayersModel':
      return `a LayersModel${named}`;
    case 'Layer':
      return `a layer${named}`;
    case 'GraphModel':
      return 'a GraphModel';
    case 'OptimizedModel':
      return 'a model of optimizeForInference';
    case 'Graph':
      return `a graph${named}`;
    case 'ImageDataset':
      return `an image dataset${named}`;
    case undefined:
      if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${length ?? value.byteLength}`;
      if (value instanceof Map || value instanceof Set) return `${value.constructor.name} of ${size}`;
      return isPlain(value) ? undefined : `an object of class ${value.constructor.name}`;
  }
}

/** Whether a value is an object as `{}` writes it or JSON has it, or a list. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null || !('constructor' in value);
}
