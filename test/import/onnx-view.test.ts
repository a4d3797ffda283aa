import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { useBackend } from '../../src/backends/use-backend-node';
import {
  fileLengths,
  movesTo,
  orderOf,
  regrouped,
  transposed,
  usualOrder,
  viewOf,
} from '../../src/import/onnx-view';
import { channelShuffle } from '../../src/ops/channel-shuffle';
import { TESTED_BACKENDS } from '../support/backends';

beforeAll(() => useBackend(TESTED_BACKENDS[0]));

const BATCH = 2;

/** A tensor after the moves that bring it into an order of the file's axes. */
function moved(x: tf.Tensor, moves: ReturnType<typeof movesTo>): tf.Tensor {
  return moves.reduce((tensor, move) => {
    if (move.kind === 'reshape') return tf.reshape(tensor, [BATCH, ...move.lengths]);
    if (move.kind === 'permute') return tf.transpose(tensor, [0, ...move.axes]);
    return channelShuffle(tensor, move.groups);
  }, x);
}

/** Orders of so many axes with the batch first. */
const orders = (rank: number) =>
  fc
    .shuffledSubarray(
      Array.from({ length: rank - 1 }, (_, axis) => axis + 1),
      { minLength: rank - 1 },
    )
    .map((axes) => [0, ...axes]);

/** Some lengths with the product of others: of their prime factors, put together anew in their order. */
function otherLengths(lengths: readonly number[], cuts: readonly boolean[]): number[] {
  const primes = lengths.flatMap((length) => ({ 2: [2], 3: [3], 4: [2, 2], 6: [2, 3] })[length] ?? []);
  const made: number[] = [];
  primes.forEach((prime, at) => {
    if (made.length === 0 || (cuts[at % cuts.length] && made.length < 4)) made.push(prime);
    else made[made.length - 1] *= prime;
  });
  return made;
}

test('whatever a file transposes and reshapes, the moves give its elements in any order of its axes', () => {
  let moving = 0;
  const steps = fc.array(
    fc.record({ cuts: fc.array(fc.boolean(), { minLength: 3, maxLength: 7 }), seed: fc.nat() }),
    {
      maxLength: 4,
    },
  );
  const lengths = fc.array(fc.constantFrom<number>(1, 2, 3, 4, 6), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(lengths, steps, fc.nat(), (start, changes, last) => {
      tf.tidy(() => {
        // By tfjs itself, as the file has it and as we store it.
        let file: tf.Tensor = tf.reshape(tf.range(0, BATCH * start.reduce((a, b) => a * b)), [
          BATCH,
          ...start,
        ]);
        const stored = tf.transpose(file, usualOrder(4));
        let view = viewOf(start, usualOrder(4));
        const sample = (rank: number, seed: number) => fc.sample(orders(rank), { seed, numRuns: 1 })[0];
        for (const { cuts, seed } of changes) {
          const order = sample(file.rank, seed);
          [file, view] = [tf.transpose(file, order), transposed(view, order)];
          const target = otherLengths(file.shape.slice(1), cuts);
          const next = regrouped(view, target);
          if (next === undefined) continue; // lengths that cut across each other
          [file, view] = [tf.reshape(file, [BATCH, ...target]), next];
        }
        expect(fileLengths(view)).toEqual([null, ...file.shape.slice(1)]);
        const order = sample(file.rank, last);
        const moves = movesTo(view, order);
        moving += Math.min(1, moves.length);
        const made = moved(stored, moves);
        expect(made.shape).toEqual(order.map((axis) => file.shape[axis]));
        expect([...made.dataSync()]).toEqual([...tf.transpose(file, order).dataSync()]);
      });
    }),
    { numRuns: 300, seed: 6 },
  );
  expect(moving).toBeGreaterThan(100);
});

test('a view knows the order it is in, and needs no move for it', () => {
  const view = viewOf([8, 6, 5], [0, 2, 3, 1]);
  expect(orderOf(view)).toEqual([0, 2, 3, 1]);
  expect(movesTo(view, [0, 2, 3, 1])).toEqual([]);
  expect(movesTo(view, [0, 1, 2, 3])).toEqual([{ kind: 'permute', axes: [3, 1, 2] }]);
  expect(movesTo(transposed(view, [0, 2, 3, 1]), [0, 1, 2, 3])).toEqual([]);
});

test('lengths that cut across factors are no view', () => {
  expect(regrouped(viewOf([8, 6], [0, 1]), [6, 8])).toBeUndefined();
  expect(regrouped(viewOf([8, 6], [0, 1]), [4, 12])).toBeDefined();
});
