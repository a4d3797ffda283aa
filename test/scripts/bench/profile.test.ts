import * as tf from '@tensorflow/tfjs';
import { profileOperations } from '../../../scripts/bench/profile';
import { useBackend } from '../../../src/backends/use-backend-node';
import { TESTED_BACKENDS } from '../../support/backends';

(TESTED_BACKENDS.includes('tensorflow') ? describe : describe.skip)('profileOperations', () => {
  beforeAll(() => useBackend('tensorflow'));

  it('counts calls by operation, sums to the whole, and takes itself out', () => {
    const { binding } = tf.backend() as unknown as { binding: object };
    const x = tf.ones([64, 64]);
    const start = performance.now();
    const rows = profileOperations(() => tf.tidy(() => void tf.relu(tf.matMul(tf.matMul(x, x), x))));
    const total = performance.now() - start;
    const calls = Object.fromEntries(rows.map(({ operation, calls }) => [operation, calls]));
    expect(calls).toMatchObject({ BatchMatMulV2: 2, Relu: 1, '(JavaScript)': 0 });
    const sum = rows.reduce((all, { milliseconds }) => all + milliseconds, 0);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThanOrEqual(total);
    expect((tf.backend() as unknown as { binding: object }).binding).toBe(binding);
    x.dispose();
  });

  it('takes itself out after an error too', () => {
    const { binding } = tf.backend() as unknown as { binding: object };
    expect(() => profileOperations(() => { throw new Error('x'); })).toThrow('x'); // prettier-ignore
    expect((tf.backend() as unknown as { binding: object }).binding).toBe(binding);
  });
});
