import { join } from 'node:path';

import { runChild } from '../support/run-child';

test('threads train side by side, and one that ends in the midst of a step harms none of the others', async () => {
  const { losses, own, left } = await runChild<{ losses: (number | null)[]; own: number; left: number }>(
    join(__dirname, 'programs', 'threads.ts'),
    { TF_CPP_MIN_LOG_LEVEL: '2' },
  );
  expect(losses).toEqual([own, null, own, null]);
  expect(left).toBe(0);
}, 60_000);
