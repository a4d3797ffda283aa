import * as tf from '@tensorflow/tfjs';

import { useBackend } from '../../src/backends/use-backend-node';
import { Lookahead } from '../../src/train/lookahead';

beforeAll(async () => {
  await useBackend('auto');
});

test('weights return to slow ones every few steps, which follow them less and less', async () => {
  const before = tf.memory().numTensors;
  const weight = tf.tidy(() => tf.variable(tf.tensor1d([1, -2])));
  const lookahead = new Lookahead(new Map([['w', weight]]), 2, 8);
  let fast = [1, -2];
  let slow = [1, -2];
  for (let steps = 1; steps <= 8; steps++) {
    tf.tidy(() => weight.assign(weight.add(tf.tensor1d([0.5, 0.25 * steps]))));
    fast = [fast[0] + 0.5, fast[1] + 0.25 * steps];
    lookahead.follow(steps);
    if (steps % 2 === 0) {
      const decay = 0.7737809375 * (steps / 8) ** 3;
      slow = slow.map((value, i) => decay * value + (1 - decay) * fast[i]);
      fast = slow;
    }
    [...weight.dataSync()].forEach((value, i) => expect(value).toBeCloseTo(fast[i], 5));
  }
  tf.tidy(() => weight.assign(tf.zeros([2])));
  await lookahead.during(async () => {
    [...(await weight.data())].forEach((value, i) => expect(value).toBeCloseTo(slow[i], 5));
  });
  expect([...weight.dataSync()]).toEqual([0, 0]);
  lookahead.dispose();
  weight.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
