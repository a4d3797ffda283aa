import * as tf from '@tensorflow/tfjs';

import { useBackend } from '../../src/backends/use-backend-node';
import { batches } from '../../src/data/batches';
import { evaluate } from '../../src/train/evaluate';
import { testTimeViews } from '../../src/train/test-time-views';
import { smallDataset, smallModel } from './small-problem';

beforeAll(async () => {
  await useBackend('auto');
});

type Image = number[][][];

/** The image moved by `by` pixels down and right, with what comes in mirrored at the border. */
function moved(image: Image, by: number): Image {
  const size = image.length;
  const at = (i: number) => (i < 0 ? -i : i >= size ? 2 * size - 2 - i : i);
  return image.map((row, y) => row.map((_, x) => image[at(y - by)][at(x - by)]));
}

const mirror = (image: Image): Image => image.map((row) => [...row].reverse());

test('the views are the images, their mirror images, and both a pixel to either side', () => {
  const image: Image = [0, 1, 2, 3].map((y) => [0, 1, 2, 3].map((x) => [10 * y + x, -x]));
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const seen = (name: 'none' | 'flip' | 'flip-shift') =>
      testTimeViews(tf.tensor4d([image]), name).map(({ images, weight }) => [weight, images.arraySync()[0]]);
    expect(seen('none')).toEqual([[1, image]]);
    expect(seen('flip')).toEqual([
      [0.5, image],
      [0.5, mirror(image)],
    ]);
    expect(seen('flip-shift')).toEqual([
      [0.25, image],
      [0.25, mirror(image)],
      [0.125, moved(image, 1)],
      [0.125, mirror(moved(image, 1))],
      [0.125, moved(image, -1)],
      [0.125, mirror(moved(image, -1))],
    ]);
  });
  expect(tf.memory().numTensors).toBe(before);
});

test('an evaluation averages the logits of the views', async () => {
  const images = smallDataset(30);
  const model = smallModel({ seed: 4 });
  const [batch] = batches(images, { batchSize: 30 });
  const { confusion, loss } = await evaluate(model, images, { testTimeAugmentation: 'flip', batchSize: 7 });
  const logits = tf.tidy(() => {
    const given = tf.tensor4d(batch.images, [30, 8, 8, 3]);
    const flipped = tf.tensor4d(given.arraySync().map(mirror));
    const [a, b] = [given, flipped].map((view) => model.predict(view) as tf.Tensor2D);
    return a.add(b).div(2).arraySync() as number[][];
  });
  const expected = [0, 1, 2].map(() => [0, 0, 0]);
  let sum = 0;
  logits.forEach((row, i) => {
    expected[batch.labels[i]][row.indexOf(Math.max(...row))]++;
    sum += Math.log(row.reduce((total, z) => total + Math.exp(z), 0)) - row[batch.labels[i]];
  });
  expect(confusion).toEqual(expected);
  expect(loss).toBeCloseTo(sum / 30, 5);
  const single = await evaluate(model, images);
  expect(single.loss).not.toBeCloseTo(loss, 6);
  model.dispose();
});
