import * as tf from '@tensorflow/tfjs';

import { CardinalError } from '../errors';

/** Numbers that do no harm, so that setting weights says what of them is wrong: 16 MiB. */
const FEW = 2 ** 22;

/** What was built, and what frees everything that building it made. */
export interface Built<T> {
  readonly value: T;
  discard(): void;
}

export interface WatchOptions {
  /** The most numbers that large weights may have in all: what they are set from has no more. */
  readonly mostNumbers: number;
  /** Whether weights are zeros at first, because all of them will be set. */
  readonly areSet?: boolean;
}

/** Of tfjs's layers, what is not in the types. */
interface Adding {
  readonly name: string;
  fastWeightInitDuringBuild: boolean;
  addWeight(name: string, shape: tf.Shape, ...rest: unknown[]): tf.LayerVariable;
}

/** Of tfjs's engine, what is not in the types. */
interface Scopes {
  readonly activeScope: { readonly track: readonly tf.Tensor[] };
}

/**
 * Builds layers at one go, and holds them to a size: a weight that is too large for what it will be set from is refused before
 * it is allocated. Where building fails, nothing of it is left.
 *
 * @throws CardinalError naming the layer and its weight; what `build` throws
 */
export function watchBuild<T>(build: () => T, { mostNumbers, areSet = false }: WatchOptions): Built<T> {
  const engine = tf.engine();
  // tfjs builds without giving way, so that no other call's come in between.
  const before = new Set(variables());
  const layers = tf.layers.Layer.prototype as unknown as Adding;
  const { addWeight } = layers;
  let numbers = 0;
  layers.addWeight = function (name, shape, ...rest) {
    const own = shape.reduce<number>((product, length) => product * (length ?? NaN), 1);
    numbers += own;
    if (!(own >= 0 && numbers <= Math.max(mostNumbers, FEW))) {
      throw new CardinalError(
        `layer ${this.name}: its weight ${name} of [${shape.join(', ')}] is too large: ` +
          `the weights have ${mostNumbers} numbers in all`,
      );
    }
    if (areSet) this.fastWeightInitDuringBuild = true;
    return addWeight.call(this, name, shape, ...rest);
  };
  engine.startScope();
  const made: tf.Tensor[] = [];
  const discard = (): void => made.splice(0).forEach((tensor) => tensor.dispose());
  let value: T;
  try {
    value = build();
  } catch (error) {
    engine.endScope();
    made.push(...variables().filter((variable) => !before.has(variable)));
    discard();
    throw error;
  } finally {
    layers.addWeight = addWeight;
  }
  const tensors = (engine.state as unknown as Scopes).activeScope.track.filter((each) => !each.isDisposed);
  engine.endScope(tensors);
  made.push(...tensors, ...variables().filter((variable) => !before.has(variable)));
  return { value, discard };
}

// Variables are in no scope.
function variables(): tf.Variable[] {
  return Object.values(tf.engine().registeredVariables);
}
