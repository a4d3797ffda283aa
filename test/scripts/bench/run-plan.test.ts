import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { opsPlan } from '../../../scripts/bench/cases/ops';
import { strategiesPlan } from '../../../scripts/bench/cases/strategies';
import { writeResult } from '../../../scripts/bench/report/write-results';
import { resultSchema } from '../../../scripts/bench/results';
import { measureParty } from '../../../scripts/bench/measure';
import { runPlan, turnsOf } from '../../../scripts/bench/run-plan';
import { HAS_NATIVE } from '../../support/backends';

const ROOT = join(__dirname, '../../..');
const EFFORT = { rounds: 2, turn: 1, slow: 1_000, slowRounds: 1 };
const SHAPE = { batch: 1, size: 6, in: 8, out: 8, groups: 2 };

describe('a case, run in processes', () => {
  let folder: string;
  let worker: string;

  beforeAll(() => {
    // Beside node_modules' owner, since the worker loads TensorFlow from there.
    folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
    worker = join(folder, 'worker.js');
    process.env.NODE_PATH = join(ROOT, 'node_modules');
    buildSync({
      entryPoints: [join(ROOT, 'scripts/bench/worker/index.ts')],
      outfile: worker,
      bundle: true,
      platform: 'node',
      packages: 'external',
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('compares and times strategies on a backend that is always there', async () => {
    const plan = strategiesPlan({ worker, threads: availableParallelism() }, EFFORT);
    const [contestants] = plan.groups[2].parties; // on cpu
    const shape = { ...SHAPE, groups: 4 };
    const item = {
      title: 'tiny',
      work: { kind: 'convolution', shape, pass: 'backpropFilter' },
      flops: 1,
      images: 1,
    } as const;
    const { items } = await measureParty(contestants, [item], EFFORT);
    expect(items[0].absent).toEqual([]);
    expect(items[0].measurements.map(({ contestant }) => contestant)).toEqual([
      'split-concat',
      'depthwise-sum',
      'block-diagonal',
    ]);
    for (const { times } of items[0].measurements) {
      expect(times).toHaveLength(2);
      for (const time of times) expect(time).toBeGreaterThan(0);
    }
    expect(items[0].agreements.map(({ output }) => output)).toEqual(['dFilter', 'dFilter']);
  });

  // Without TensorFlow there is none of those that this case compares.
  const natively = HAS_NATIVE ? it : it.skip;
  natively('measures ops, and writes what it found', async () => {
    const programs = { worker, threads: availableParallelism() };
    const plan = opsPlan(programs, EFFORT, [SHAPE]);
    const onTurn = jest.fn();
    const result = await runPlan(plan, programs, { onTurn });
    expect(onTurn).toHaveBeenCalledTimes(turnsOf(plan));
    expect(result.items.map(({ title }) => title)).toEqual([
      '1/6/8/8/2 forward',
      '1/6/8/8/2 forward+backward',
    ]);
    const [, { agreements, entries }] = result.items;
    const compared = agreements.map(({ output }) => output).sort();
    expect(compared).toEqual(['dFilter', 'dFilter', 'dx', 'dx', 'y', 'y']);
    expect(entries.map(({ contestant }) => contestant)).toEqual(['cardinal', 'compiled', 'stock']);
    expect(result.matmulGflops).toBeGreaterThan(0);
    await writeResult(folder, result, undefined);
    expect(readdirSync(folder).sort()).toEqual(['ops.json', 'ops.md', 'ops.svg', 'worker.js']);
    const kept = JSON.parse(readFileSync(join(folder, 'ops.json'), 'utf8')) as unknown;
    expect(resultSchema.parse(kept)).toEqual(result);
  });
});
