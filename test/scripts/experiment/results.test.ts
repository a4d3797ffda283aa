import { parse } from 'csv-parse/sync';

import type { OpenedRun } from '../../../scripts/experiment/open-runs';
import { resultsOf } from '../../../scripts/experiment/results';
import { resultsCsv } from '../../../scripts/experiment/results-csv';
import { resultRows, resultsMarkdown } from '../../../scripts/experiment/results-markdown';
import { resultsPlot } from '../../../scripts/experiment/results-plot';
import { experimentResultsSchema, type ExperimentResults } from '../../../scripts/experiment/results-schema';
import { renderSvgs } from '../../../scripts/plots/render-svg';
import type { ExperimentDefinition } from '../../../scripts/experiment/definition';

const DEFINITION: ExperimentDefinition = {
  name: 'x',
  title: 'X | <y>',
  question: 'Which?',
  recipes: { short: { epochs: 2, flip: false } },
};
const CIRCUMSTANCES = {
  date: '2026-01-02T03:04:05.000Z',
  machine: { processor: 'P (2 threads)' },
  commit: { version: '1', hash: '0123456789abcdef', isDirty: false },
  wallSeconds: 600,
};

interface Made {
  label?: string;
  model?: string;
  groups?: number;
  seed: number;
  accuracy?: number;
}

function opened({ label = 'toy', model = 'toy', groups, seed, accuracy }: Made): OpenedRun {
  const result = {
    testAccuracy: accuracy,
    bestEpoch: 2,
    parameters: { trainable: 1000 * (groups ?? 1) },
    trainImages: 100,
    epochs: 2,
    trainSeconds: 10 * seed,
    trainImagesPerSecond: 20 * seed,
    backend: 'cpu',
  };
  return {
    name: `${label}-${seed}`,
    label,
    macs: 500 * (groups ?? 1),
    recipe: 'short',
    config: { model: { name: model, options: { groups } }, recipe: { seed } },
    result: accuracy === undefined ? undefined : result,
  } as unknown as OpenedRun;
}

const cardinal = (groups: number, accuracies: (number | undefined)[]): OpenedRun[] =>
  accuracies.map((accuracy, i) => opened({ label: `toy, ${groups}`, groups, seed: i + 1, accuracy }));
const of = (runs: OpenedRun[]): ExperimentResults => resultsOf(DEFINITION, runs, CIRCUMSTANCES);

test('numbers are those of the runs, by group with mean and sample deviation', () => {
  const results = of([...cardinal(1, [0.5, 0.52, 0.51]), ...cardinal(8, [0.6, undefined, 0.62])]);
  expect(experimentResultsSchema.parse(JSON.parse(JSON.stringify(results)))).toEqual(results);
  expect([results.planned, results.finished]).toEqual([6, 5]);
  expect(results.runs.map((run) => [run.label, run.seed, run.groups, run.testAccuracy])).toEqual([
    ['toy, 1', 1, 1, 0.5],
    ['toy, 1', 2, 1, 0.52],
    ['toy, 1', 3, 1, 0.51],
    ['toy, 8', 1, 8, 0.6],
    ['toy, 8', 3, 8, 0.62],
  ]);
  const [one, eight] = results.groups;
  expect(one).toMatchObject({
    seeds: [1, 2, 3],
    groups: 1,
    trainableParameters: 1000,
    macs: 500,
    recipe: 'short',
  });
  expect([one.meanAccuracy, one.accuracyDeviation]).toEqual([
    expect.closeTo(0.51, 12),
    expect.closeTo(0.01, 12),
  ]);
  // Two values: the deviation is their distance over the root of two.
  expect([eight.meanAccuracy, eight.accuracyDeviation]).toEqual([
    expect.closeTo(0.61, 12),
    expect.closeTo(0.02 / Math.SQRT2, 12),
  ]);
  expect([one.trainSeconds, one.trainImagesPerSecond]).toEqual([20, 40]);
});

test('the headline is what the numbers bear', () => {
  const headline = (...runs: OpenedRun[]): string => of(runs).headline;
  expect(headline(opened({ seed: 1 }))).toBe('None of 1 runs is finished yet.');
  expect(headline(opened({ seed: 1, accuracy: 0.5 }))).toBe(
    'toy classifies 50.00 % of the test images rightly with one seed.',
  );
  expect(headline(...cardinal(1, [0.5, 0.52, 0.51]), ...cardinal(8, [0.6, 0.61, 0.62]))).toBe(
    'With 8 groups the accuracy is highest of 2 at 1,000 to 8,000 parameters: 61.00 ± 1.00 % of the test images ' +
      'over 3 seeds. It is 10.00 points ahead of 1 group (51.00 ± 1.00 %), more than the spread between seeds explains.',
  );
  // The baseline is the one with the fewest groups, and what is level with the best is said to be.
  const level = [
    ...cardinal(2, [0.5, 0.52, 0.51]),
    ...cardinal(4, [0.51, 0.53, 0.52]),
    ...cardinal(8, [0.51, 0.54, 0.53]),
  ];
  expect(headline(...level)).toMatch(
    /^With 8 groups .*: 52\.67 ± 1\.53 % .* It is 1\.67 points ahead of 2 groups \(51\.00 ± 1\.00 %\), which is within the spread between seeds: these runs do not tell the two apart\. Within the spread of it as well: 4 groups\.$/,
  );
  // Where one group is best, it is compared to the next best.
  expect(
    headline(...cardinal(1, [0.7, 0.71]), ...cardinal(2, [0.4, 0.41]), ...cardinal(4, [0.5, 0.51])),
  ).toMatch(/^With 1 group the accuracy is highest of 3 .* ahead of 4 groups \(50\.50/);
  expect(headline(...cardinal(1, [0.5]), ...cardinal(8, [0.6, undefined]))).toMatch(
    /10\.00 points ahead of 1 group \(50\.00 %\); how much of that is chance a single seed does not show\. This is preliminary: 2 of 3 runs are finished\.$/,
  );
});

test('models of several families are named, not counted by groups', () => {
  const { headline } = of([
    opened({ label: 'a', model: 'a', seed: 1, accuracy: 0.5 }),
    opened({ label: 'b', model: 'b', seed: 1, accuracy: 0.4 }),
  ]);
  expect(headline).toMatch(
    /^a has the highest accuracy of 2: 50\.00 % of the test images with one seed\. It is 10\.00 points ahead of b/,
  );
});

test('the CSV has a line for each run, and a spreadsheet runs none of it', () => {
  const label = '=1+1, "quoted"\n';
  const results = of([
    opened({ label, groups: 8, seed: 1, accuracy: 0.5 }),
    opened({ seed: 2, accuracy: 0.25 }),
  ]);
  const [first, second] = parse(resultsCsv(results), { columns: true }) as Record<string, string>[];
  expect(first).toMatchObject({
    label: `'${label}`,
    groups: '8',
    testAccuracy: '0.5',
    trainableParameters: '8000',
    macs: '4000',
  });
  expect(second).toMatchObject({ groups: '', seed: '2', testAccuracy: '0.25', recipe: 'short' });
});

test('the page has the question, the headline, the table and how it was made', () => {
  const results = of([...cardinal(1, [0.5, 0.52]), ...cardinal(8, [0.6, 0.62])]);
  const page = resultsMarkdown(results, { plot: 'x.svg', command: 'cardinal experiment x' });
  expect(page).toMatch(/^# X \\\| \\<y>\n/);
  for (const part of [
    'Which?',
    '**With 8 groups',
    '(x.svg)',
    '| runs | groups | parameters | MACs | test accuracy | of each seed, % | images/s | training |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    '| toy, 8 | 8 | 8,000 | 4,000 | 61.00 ± 1.41 % | 60.00, 62.00 | 30 | 15 s |',
    '4 of 4 runs; 10 min 00 s for all of it, 1 min 00 s of it training',
    'recipe short: epochs 2, batchSize 128, ',
    'flip false',
    'processor P (2 threads)',
    'trained on cpu, commit 0123456789ab, 2026-01-02',
    '```sh\ncardinal experiment x\n```',
  ]) {
    expect(page).toContain(part);
  }
  expect(page).not.toContain('seed 0');
  expect(resultsMarkdown(results, { plot: undefined, command: '' })).not.toContain('![');
  expect(resultRows(of([])).rows).toEqual([]);
});

test('the plots have a mean, an error bar and the single runs; titles are escaped', async () => {
  const overGroups = of([...cardinal(1, [0.5, 0.52]), ...cardinal(8, [0.6, 0.62, 0.61])]);
  const families = of([
    opened({ label: 'a, <b>', model: 'a', seed: 1, accuracy: 0.5 }),
    opened({ label: 'c', model: 'c', groups: 2, seed: 1, accuracy: 0.4 }),
  ]);
  const [groups, costs] = await renderSvgs([overGroups, families].map(resultsPlot));
  const marks = (svg: string, role: string): number =>
    [
      ...svg.matchAll(
        new RegExp(`<path aria-label="[^"]*" role="graphics-symbol" aria-roledescription="${role}"`, 'g'),
      ),
    ].length;
  const lines = (svg: string): number => [...svg.matchAll(/aria-roledescription="rule mark"/g)].length;
  // Two means and five runs; two error bars.
  expect([marks(groups, 'point'), lines(groups)]).toEqual([7, 2]);
  // Both twice: against parameters and against multiply-accumulates.
  expect([marks(costs, 'point'), lines(costs)]).toEqual([8, 4]);
  expect(groups).toContain('X | &lt;y&gt;');
  expect(groups).toContain('>groups</text>');
  expect(costs).toContain('a, &lt;b&gt;');
  expect(costs).toContain('multiply-accumulates for one image');
});
