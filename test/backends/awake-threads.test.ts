import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { HAS_NATIVE } from '../support/backends';
import { runChild } from '../support/run-child';

interface Answer {
  readonly isLeft: boolean;
  readonly best: { readonly asleep: number; readonly damaged: number; readonly awake: number };
  readonly logits: readonly (readonly number[])[];
}

// With one processor there is nobody to wait for.
const testThreads = HAS_NATIVE && availableParallelism() > 1 ? test : test.skip;

testThreads('only a session that asks for it keeps threads awake, and computes the same', async () => {
  const { isLeft, best, logits } = await runChild<Answer>(join(__dirname, 'awake-threads-child.ts'));
  expect(best.asleep).toBeGreaterThan(20);
  expect(best.awake).toBeLessThanOrEqual(best.asleep / 4);
  expect(best.damaged).toBeGreaterThan(best.asleep / 2);
  expect(isLeft).toBe(false);
  const [asleep, damaged, awake] = logits;
  expect(Math.max(...asleep.map(Math.abs))).toBeGreaterThan(1e-4);
  expect(damaged).toEqual(asleep);
  expect(awake).toEqual(asleep);
});
