import { join } from 'node:path';
import { requireBfloat16 } from '../../src/backends/tensorflow/compile/bfloat16';
import { HAS_NATIVE } from '../support/backends';
import { runChild } from '../support/run-child';

interface Answer {
  readonly expected: number;
  readonly sequential: number;
  readonly coarse: number;
  readonly plain: number;
  readonly isLeft: boolean;
  readonly refusal: string;
}

function hasBfloat16(): boolean {
  try {
    requireBfloat16();
    return true;
  } catch {
    return false;
  }
}

// The addon is libtensorflow's: without it there is nothing to configure.
const testNative = HAS_NATIVE ? test : test.skip;

testNative('a session has the config that it is opened with, and the next one has none', async () => {
  const { expected, sequential, coarse, plain, isLeft, refusal } = await runChild<Answer>(
    join(__dirname, 'session-config-child.ts'),
  );
  expect(Math.abs(expected)).toBeGreaterThan(1e-4);
  expect(sequential).toBeCloseTo(expected, 5);
  expect(plain).toBeCloseTo(expected, 5);
  const difference = Math.abs(coarse / expected - 1);
  expect(difference).toBeLessThan(0.1);
  if (hasBfloat16()) expect(difference).toBeGreaterThan(1e-5);
  expect(isLeft).toBe(false);
  expect(refusal).toContain('NONE');
});
