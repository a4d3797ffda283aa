import * as tf from '@tensorflow/tfjs';
import type { OptionNames } from '../check-options';
import { check } from '../errors';
import { checkedArgs, LAYER_OPTIONS, type LayerArgs } from './layer-args';
import { oneInput, oneShape } from './one-input';

/** Options of {@link takePositions}. */
export interface TakePositionsArgs extends LayerArgs {
  /** Counted from 1, as the batch is axis 0. */
  axis: number;
  /** The positions that are taken, in order and any number of times; -1 stands for what is filled in. */
  positions: readonly number[];
  /** What stands where a position is -1; 0 by default. */
  fill?: number;
}

const OPTION_NAMES: OptionNames<TakePositionsArgs> = {
  axis: true,
  positions: true,
  fill: true,
  ...LAYER_OPTIONS,
};

/**
 * Takes positions along an axis: every other one, the last first, the border once more.
 *
 * Input `[batch, …]`, output the same but for the axis, which is as long as there are positions; no weights. It is registered
 * for saving and loading under the class name `TakePositions`.
 */
export class TakePositions extends tf.layers.Layer {
  static readonly className = 'TakePositions';

  readonly axis: number;
  readonly positions: readonly number[];
  readonly fill: number;

  constructor(args: TakePositionsArgs) {
    super(checkedArgs('TakePositions', args, OPTION_NAMES));
    const { axis, positions, fill = 0 } = args;
    check(Number.isSafeInteger(axis) && axis >= 1, 'axis', 'a whole number of at least 1', axis);
    const arePositions =
      Array.isArray(positions) &&
      positions.length > 0 &&
      positions.every((position) => Number.isSafeInteger(position) && position >= -1);
    check(arePositions, 'positions', 'whole numbers of at least -1', positions);
    check(Number.isFinite(fill), 'fill', 'a number', fill);
    this.axis = axis;
    this.positions = positions;
    this.fill = fill;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const length = oneShape(inputShape)[this.axis];
    const fits = length != null && this.positions.every((position) => position < length);
    check(
      fits,
      'positions',
      `positions among ${length} of axis ${this.axis} of layer ${this.name}`,
      this.positions,
    );
    super.build(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = oneInput(inputs);
      const { axis, positions, fill } = this;
      const back = placesOf(positions, x.shape[axis]);
      // tfjs's own gradient of gathering wants a kernel that wasm has not; that of each place is a sum of what went to it.
      const take = tf.customGrad((image) => ({
        value: gathered(image as tf.Tensor, positions, axis, fill),
        gradFunc: (dy: tf.Tensor) => tf.addN(back.map((places) => gathered(dy, places, axis, 0))),
      }));
      return take(x);
    });
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return oneShape(inputShape).map((length, axis) => (axis === this.axis ? this.positions.length : length));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { axis, positions, fill } = this;
    return { ...super.getConfig(), axis, positions: [...positions], fill };
  }
}

/** The positions along an axis; -1 is what is filled in. */
function gathered(x: tf.Tensor, positions: readonly number[], axis: number, fill: number): tf.Tensor {
  // Past the last position there is one more, which holds the filling.
  const length = x.shape[axis];
  const isFilled = positions.includes(-1);
  const pads = x.shape.map((_, own): [number, number] => [0, isFilled && own === axis ? 1 : 0]);
  const whole = isFilled ? tf.pad(x, pads, fill) : x;
  const indices = positions.map((position) => (position < 0 ? length : position));
  return tf.gather(whole, tf.tensor1d(indices, 'int32'), axis);
}

/** Where each of `length` positions goes to: the first places, the second of those that go to two, and so on; -1 is nowhere. */
function placesOf(positions: readonly number[], length: number): number[][] {
  const rows = [new Array<number>(length).fill(-1)];
  positions.forEach((position, place) => {
    if (position < 0) return;
    const row = rows.find((candidate) => candidate[position] < 0);
    if (row !== undefined) row[position] = place;
    else rows.push(Array.from({ length }, (_, own) => (own === position ? place : -1)));
  });
  return rows;
}

tf.serialization.registerClass(TakePositions);

/**
 * A layer that takes positions along an axis.
 *
 * @throws InvalidArgumentError for an axis or positions that are none, or that the input does not have
 *
 * @example
 * // Images mirrored left to right.
 * const y = takePositions({ axis: 2, positions: [3, 2, 1, 0] }).apply(x);
 */
export function takePositions(args: TakePositionsArgs): TakePositions {
  return new TakePositions(args);
}
