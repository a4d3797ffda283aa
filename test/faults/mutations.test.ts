import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readMutations } from './mutations';
import { rounds } from './rounds';

const FEW = 60;
const subjects = readdirSync(join(__dirname, 'subjects')).map((file) => basename(file, '.ts'));

// Each subject is one file: what is read, sound, and how. A new readable format is a new file there.
test.each(subjects)(
  'damaged in one place, %s is read or refused: no hang, no untyped error, no tensor left, under 1 GB',
  async (name) => {
    const count = rounds(FEW, 10_000);
    const outcome = await readMutations(name, count);
    expect(outcome.faults).toEqual([]);
    expect(outcome.tried).toBe(count);
    // Damage that is never seen would be none.
    expect(outcome.refused).toBeGreaterThan(0);
    expect(outcome.megabytes).toBeLessThan(1024);
  },
  rounds(120_000, 3_600_000),
);
