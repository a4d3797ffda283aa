import * as tf from '@tensorflow/tfjs';
import { softmaxCrossEntropy } from '../../src/ops/softmax-cross-entropy';
import { describeOnBackends, expectNoLeak } from '../support/backends';
import { relativeError } from '../support/grouped-conv2d-oracle';

const LOGITS = [[2, -1, 0.5], [0, 0, 0], [-30, 40, 1], [0.1, 0.2, 0.3]]; // prettier-ignore
const LABELS = [0, 2, 0, 1];
const DISTRIBUTIONS = [[0.8, 0.1, 0.1], [0, 0, 1], [0.5, 0.25, 0.25], [1 / 3, 1 / 3, 1 / 3]]; // prettier-ignore
const WEIGHTS = [1, -2, 0.5, 3];

/** Losses, and the gradient of their weighted sum, in double precision. */
function oracle(targets: number[][]): { losses: number[]; gradient: number[] } {
  const losses: number[] = [];
  const gradient: number[] = [];
  LOGITS.forEach((row, i) => {
    const top = Math.max(...row);
    const total = row.reduce((sum, logit) => sum + Math.exp(logit - top), 0);
    losses.push(row.reduce((sum, logit, c) => sum + targets[i][c] * (Math.log(total) + top - logit), 0));
    row.forEach((logit, c) => gradient.push(WEIGHTS[i] * (Math.exp(logit - top) / total - targets[i][c])));
  });
  return { losses, gradient };
}

describeOnBackends('softmaxCrossEntropy', () => {
  const cases: [string, () => tf.Tensor1D | tf.Tensor2D, number[][]][] = [
    [
      'of class indices',
      () => tf.tensor1d(LABELS, 'int32'),
      LABELS.map((label) => [0, 1, 2].map((c) => Number(c === label))),
    ],
    ['of distributions', () => tf.tensor2d(DISTRIBUTIONS), DISTRIBUTIONS],
  ];

  it.each(cases)('%s: losses and gradient are the formula', (_, targets, rows) => {
    const f = (logits: tf.Tensor) => softmaxCrossEntropy(logits as tf.Tensor2D, targets());
    const { losses, gradient } = oracle(rows);
    expect(relativeError(f(tf.tensor2d(LOGITS)).dataSync(), losses)).toBeLessThan(1e-6);
    const found = tf.grad(f)(tf.tensor2d(LOGITS), tf.tensor1d(WEIGHTS)).dataSync();
    expect(relativeError(found, gradient)).toBeLessThan(1e-6);
  });

  it.each(cases)('%s: leaves no tensor behind', (_, targets) => {
    const logits = tf.tensor2d(LOGITS);
    const wanted = targets();
    expectNoLeak(() => {
      tf.grad((x) => softmaxCrossEntropy(x as tf.Tensor2D, wanted))(logits).dispose();
      softmaxCrossEntropy(logits, wanted).dispose();
    });
  });

  it('refuses targets that do not fit', () => {
    const logits = tf.tensor2d(LOGITS);
    expect(() => softmaxCrossEntropy(logits, tf.tensor1d([1], 'int32'))).toThrow(
      'targets: expected the shape [4]. Received: [1].',
    );
    expect(() => softmaxCrossEntropy(logits, tf.tensor1d(LABELS))).toThrow('int32 for rank 1');
  });
});
