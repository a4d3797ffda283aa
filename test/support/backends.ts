import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { processorFlags } from '../../src/backends/tensorflow/processor-flags';
import { useBackend } from '../../src/backends/use-backend-node';

/** Whether set-up could give tfjs-node its native library: without it everything here runs on the other backends. */
export const HAS_NATIVE =
  process.env.TFJS_CARDINAL_NO_NATIVE !== '1' &&
  existsSync(
    join(dirname(require.resolve('@tensorflow/tfjs-node/package.json')), 'lib/napi-v8/tfjs_binding.node'),
  );

/** Whether this package's own kernels are there: set-up compiles them wherever it compiles the rest, for AVX-512. */
export const HAS_OWN_KERNELS = HAS_NATIVE && processorFlags().has('avx512f');

/** The backends that a suite runs on. */
export const TESTED_BACKENDS: readonly ('tensorflow' | 'wasm' | 'cpu')[] = HAS_NATIVE
  ? ['tensorflow', 'wasm', 'cpu']
  : ['wasm', 'cpu'];

/** Runs `body` once for each backend, with that backend in use. */
export function describeOnBackends(
  title: string,
  body: (backend: (typeof TESTED_BACKENDS)[number]) => void,
): void {
  describe.each(TESTED_BACKENDS)(`${title} on %s`, (backend) => {
    beforeAll(async () => {
      await useBackend(backend);
    });
    body(backend);
  });
}

/** Fails unless `run` leaves as many tensors as it found. */
export function expectNoLeak(run: () => void): void {
  run(); // what is made once and kept (a probe, a cached constant) is made here
  const before = tf.memory().numTensors;
  run();
  expect(tf.memory().numTensors).toBe(before);
}
