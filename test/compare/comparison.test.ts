import { cells, settingLine } from '../../src/compare/cells';
import { comparisonSchema, compareRuns, type RunFacts } from '../../src/compare/comparison';
import { comparisonMarkdown } from '../../src/compare/markdown';
import { formatRatio, formatValue, METRICS } from '../../src/compare/metrics';

const DENSE: RunFacts = {
  run: 'runs/dense',
  model: 'resnet_toy',
  trainableParameters: 307_242,
  totalParameters: 310_000,
  macs: 12_000_000,
  testAccuracy: 0.64,
  trainImagesPerSecond: 400,
  latencyMs: 8,
  imagesPerSecond: 2_000,
  bytes: 1_200_000,
};
const GROUPED: RunFacts = {
  run: 'runs/grouped',
  model: 'resnext_toy',
  trainableParameters: 153_621,
  totalParameters: 155_000,
  macs: 3_000_000,
  testAccuracy: 0.608,
  trainImagesPerSecond: 500,
  latencyMs: 10,
  imagesPerSecond: 2_500,
  bytes: 900_000,
};
const SETTING = { backend: 'wasm', machine: { node: '20.0.0' }, bytesOf: 'model.json and weights.bin' };

describe('ratios', () => {
  test('are each value by that of the first run', () => {
    const { runs } = compareRuns([DENSE, GROUPED], SETTING);
    expect(runs.map(({ run }) => run)).toEqual(['runs/dense', 'runs/grouped']);
    expect(Object.values(runs[0].ratios)).toEqual(METRICS.map(() => 1));
    // By hand.
    expect(runs[1].ratios).toEqual({
      trainableParameters: 0.5,
      totalParameters: 0.5,
      macs: 0.25,
      testAccuracy: 0.95,
      trainImagesPerSecond: 1.25,
      latencyMs: 1.25,
      imagesPerSecond: 1.25,
      bytes: 0.75,
    });
  });

  test('to nothing are null, and stay so in JSON', () => {
    const comparison = compareRuns([{ ...DENSE, testAccuracy: 0 }, GROUPED], SETTING);
    const read = comparisonSchema.parse(JSON.parse(JSON.stringify(comparison)));
    expect(read).toEqual(comparison);
    expect(read.runs.map(({ ratios }) => ratios.testAccuracy)).toEqual([null, null]);
    expect(cells(comparison).rows.find(([title]) => title === 'test accuracy')).toEqual([
      'test accuracy',
      '0.00 %',
      '60.80 %',
    ]);
  });

  test('need a run', () => {
    expect(() => compareRuns([], SETTING)).toThrow('runs: expected at least one run. Received: 0.');
  });
});

describe('cells', () => {
  test('have a row a metric, a column a run, and ratios in all but the first', () => {
    const { head, rows } = cells(compareRuns([DENSE, GROUPED], SETTING));
    expect(head).toEqual(['', 'resnet_toy', 'resnext_toy']);
    expect(rows).toEqual([
      ['trainable parameters', '307,242', '153,621 (0.50x)'],
      ['parameters with batch-norm statistics', '310,000', '155,000 (0.50x)'],
      ['MACs for one image', '12,000,000', '3,000,000 (0.25x)'],
      ['test accuracy', '64.00 %', '60.80 % (0.95x)'],
      ['training images/s', '400', '500 (1.25x)'],
      ['latency at batch 1, ms', '8.00', '10.0 (1.25x)'],
      ['images/s at batch 64', '2,000', '2,500 (1.25x)'],
      ['bytes on disk, exported', '1,200,000', '900,000 (0.75x)'],
    ]);
  });

  test('name runs by their folders where two are of one model', () => {
    const { head } = cells(compareRuns([DENSE, { ...GROUPED, model: 'resnet_toy' }], SETTING));
    expect(head).toEqual(['', 'runs/dense', 'runs/grouped']);
  });

  test('say what they hold for', () => {
    const line = settingLine(compareRuns([DENSE], SETTING));
    expect(line).toMatch(
      /to the first column; measured on wasm; node 20\.0\.0; bytes of model\.json and weights\.bin/,
    );
  });
});

test('values have the digits that they are good for', () => {
  const shown = [
    formatValue('count', 34_426_698),
    formatValue('share', 0.61505),
    formatValue('rate', 1234.6),
    formatValue('rate', 78.94),
    formatValue('milliseconds', 0.456),
    formatRatio(0.4488),
    formatRatio(12.34),
  ];
  expect(shown).toEqual(['34,426,698', '61.50 %', '1,235', '78.9', '0.46', '0.45x', '12.3x']);
});

describe('Markdown', () => {
  const split = (line: string): string[] => line.split(/(?<!\\)\|/).slice(1, -1);

  test('has as many cells in each row, numbers to the right, and the setting below', () => {
    const lines = comparisonMarkdown(compareRuns([DENSE, GROUPED], SETTING))
      .trimEnd()
      .split('\n');
    const table = lines.slice(0, 2 + METRICS.length);
    for (const line of table) expect(split(line)).toHaveLength(3);
    expect(split(table[1]).map((cell) => cell.trim())).toEqual(['---', '---:', '---:']);
    expect(split(table[4]).map((cell) => cell.trim())).toEqual([
      'MACs for one image',
      '12,000,000',
      '3,000,000 (0.25x)',
    ]);
    expect(lines[table.length]).toBe('');
    expect(lines.slice(table.length + 1)).toHaveLength(1);
  });

  test('shows folders as they are called', () => {
    const odd = { ...GROUPED, run: 'a|b*c\nd', model: 'resnet_toy' };
    const [head] = comparisonMarkdown(compareRuns([DENSE, odd], SETTING)).split('\n');
    expect(split(head).map((cell) => cell.trim())).toEqual(['', 'runs/dense', String.raw`a\|b\*c d`]);
    const [own] = comparisonMarkdown(compareRuns([DENSE], SETTING)).split('\n');
    expect(own).toContain('resnet_toy');
  });
});

describe('runs on different data', () => {
  const on = (facts: RunFacts, testData: string, more: Partial<RunFacts> = {}): RunFacts => ({
    ...facts,
    testData,
    testImages: 1_000,
    trainImages: 2_000,
    ...more,
  });
  const accuracyOf = (runs: readonly RunFacts[]) => {
    const { rows } = cells(compareRuns(runs, SETTING));
    return rows.find(([title]) => title.endsWith('accuracy'));
  };

  test('alike: nothing to say', () => {
    const { notes, sameTestImages } = compareRuns(
      [on(DENSE, 'cifar10/test'), on(GROUPED, 'cifar10/test')],
      SETTING,
    );
    expect({ notes, sameTestImages }).toEqual({ notes: [], sameTestImages: true });
  });

  test('tested on other images: it is said, and their accuracies have no ratio', () => {
    const runs = [on(DENSE, 'cifar10/test'), on(GROUPED, 'flowers/validation', { testImages: 60 })];
    const comparison = compareRuns(runs, SETTING);
    expect(comparison.sameTestImages).toBe(false);
    expect(comparison.notes).toEqual([
      'tested on different images, so that their accuracies cannot be compared: runs/dense on the 1,000 test images of ' +
        'cifar10, runs/grouped on the 60 validation images of flowers',
      'tested on the validation images that chose the epoch, which flatters: runs/grouped',
    ]);
    expect(comparison.runs.map(({ ratios }) => ratios.testAccuracy)).toEqual([1, null]);
    expect(comparison.runs[1].ratios.macs).toBe(0.25);
    expect(accuracyOf(runs)).toEqual(['accuracy', '64.00 %', '60.80 %']);
    expect(comparisonMarkdown(comparison)).toContain('\n**Note:** tested on different images, so that');
    expect(comparisonSchema.parse(JSON.parse(JSON.stringify(comparison)))).toEqual(comparison);
  });

  test('folders of one name in two places are told apart, and their places are not kept', () => {
    const runs = [
      on(DENSE, 'flowers/test', { source: '/a/flowers' }),
      on(GROUPED, 'flowers/test', { source: '/b/flowers' }),
    ];
    const { notes, runs: kept } = compareRuns(runs, SETTING);
    expect(notes?.[0]).toContain('runs/grouped on the 1,000 test images of flowers in /b/flowers');
    expect(kept[0]).not.toHaveProperty('source');
  });

  test('trained on another number of images', () => {
    const runs = [on(DENSE, 'cifar10/test'), on(GROUPED, 'cifar10/test', { trainImages: 45_000 })];
    expect(compareRuns(runs, SETTING).notes).toEqual([
      'trained on different numbers of images: runs/dense on 2,000, runs/grouped on 45,000',
    ]);
  });

  test('accuracy on validation images is called so', () => {
    const runs = [on(DENSE, 'flowers/validation'), on(GROUPED, 'flowers/validation')];
    expect(accuracyOf(runs)).toEqual(['validation accuracy', '64.00 %', '60.80 % (0.95x)']);
  });
});
