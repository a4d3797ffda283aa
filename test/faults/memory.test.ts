import { join } from 'node:path';

import { TESTED_BACKENDS } from '../support/backends';
import { runChild } from '../support/run-child';
import { rounds } from './rounds';

// The first rounds fill caches of TensorFlow, of V8 and of the memory's own manager.
const WARM_UP = 8;

test.each(TESTED_BACKENDS)(
  'on %s, rounds of training, predicting, saving, converting and disposing leave nothing behind',
  async (backend) => {
    const count = rounds(16, 50);
    const { tensors, megabytes } = await runChild<{ tensors: number[]; megabytes: number[] }>(
      join(__dirname, 'programs', 'fifty-rounds.ts'),
      { BACKEND: backend, ROUNDS: String(count), TF_CPP_MIN_LOG_LEVEL: '2', NODE_OPTIONS: '--expose-gc' },
    );
    expect(tensors).toEqual(new Array<number>(count).fill(tensors[0]));
    // A model and its step take several MB; left behind in each round they would show.
    expect(megabytes[count - 1] - megabytes[WARM_UP]).toBeLessThan(60);
  },
  rounds(120_000, 600_000),
);
