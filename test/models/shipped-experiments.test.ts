import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ModelName, createModel, modelInfo } from '../../models';
import { packageRoot } from '../../scripts/cli/package-root';
import { combinationsOf } from '../../scripts/experiment/combinations';
import { readDefinition } from '../../scripts/experiment/find-definition';
import { useBackend } from '../../src/backends/use-backend-node';
import { inspectModel } from '../../src/inspect/inspect-model';
import { TESTED_BACKENDS } from '../support/backends';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

/** What the runs of an experiment cost, one for each that differs in more than its seed. */
async function costs(name: string) {
  const runs = combinationsOf(await readDefinition(name));
  return runs
    .filter(({ seed }) => seed === runs[0].seed)
    .map(({ model, groups, width }) => {
      const built = createModel(model as ModelName, { groups, width, initialise: false });
      const { params, macs } = inspectModel(built);
      built.dispose();
      return { model, groups, width, parameters: params.trainable, macs };
    });
}

/** The two counts of each row of the table in the head of an experiment's file. */
function listed(name: string): number[][] {
  const text = readFileSync(join(packageRoot(), 'scripts', 'experiments', `${name}.yaml`), 'utf8');
  return [...text.matchAll(/^# {2}.* {2}(\d+,[\d,]+) +(\d+,[\d,]+)(?: {2}.*)?$/gm)].map(([, ...counts]) =>
    counts.map((count) => Number(count.replaceAll(',', ''))),
  );
}

test('cardinality: 1 to 32 groups, within 2 % of the same parameters, and as its file says', async () => {
  const runs = await costs('cardinality');
  expect(runs.map(({ groups }) => groups)).toEqual([1, 2, 4, 8, 16, 32]);
  expect(new Set(runs.map(({ model }) => model))).toEqual(new Set(['resnext_narrow_toy']));
  for (const { parameters } of runs) expect(Math.abs(parameters / 185_900 - 1)).toBeLessThan(0.02);
  expect(listed('cardinality')).toEqual(runs.map(({ parameters, macs }) => [parameters, macs]));
});

test('families: eight, at the budget of resnext_toy, and as its file says', async () => {
  const runs = await costs('families');
  const families = runs.map(({ model }) => modelInfo(model as ModelName).family);
  expect(new Set(families).size).toBe(7);
  expect(runs).toHaveLength(8);
  const { macs, params } = modelInfo('resnext_toy');
  for (const run of runs) {
    expect(Math.abs(run.macs / macs - 1)).toBeLessThan(0.08);
    expect(Math.abs(run.parameters / params.trainable - 1)).toBeLessThan(0.09);
  }
  const sorted = (rows: number[][]) => rows.sort(([a], [b]) => a - b);
  expect(sorted(listed('families'))).toEqual(sorted(runs.map((run) => [run.macs, run.parameters])));
});
