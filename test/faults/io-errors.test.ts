import { join } from 'node:path';

import { runChild } from '../support/run-child';

interface Outcome {
  readonly what: string;
  /** How many changes there are to fail at, and failures after which something was wrong. */
  readonly changes: number;
  readonly wrong: readonly string[];
}

// In a process of its own, whose calls of `node:fs/promises` are made to fail one at a time.
test('an error of the disk at any change is told by a CardinalError, costs nothing that was there, and leaves nothing over', async () => {
  const outcomes = await runChild<Outcome[]>(join(__dirname, 'programs', 'fail-writes.ts'));
  expect(outcomes.flatMap(({ what, wrong }) => wrong.map((text) => `${what}: ${text}`))).toEqual([]);
  expect(outcomes.map(({ what }) => what)).toEqual([
    'folder',
    'file',
    'files',
    'weights',
    'progress',
    'result',
    'anew',
  ]);
  for (const { changes } of outcomes) expect(changes).toBeGreaterThan(8);
}, 120_000);
