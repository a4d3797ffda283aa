import { cp, mkdir, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';
import { parse as parseCsv } from 'csv-parse/sync';
import { parse as parseHtml, type HTMLElement } from 'node-html-parser';
import sharp from 'sharp';

import { modelInfo } from '../../../models';
import { buildReport } from '../../../scripts/report/build-report';
import type { Report } from '../../../scripts/report/report';
import { reportFiles, writeReport } from '../../../scripts/report/write-report';
import { resolveRun, startRun } from '../../../scripts/run-training';
import type { RunResult } from '../../../src/train/run-config';
import { cardinal } from '../cli/in-process';
import { madeImages } from '../cli/train-made-images';

const HOSTILE = '<script>alert(1)</script>';
const classNames = [HOSTILE, '"><img src=x onerror=alert(2)>', 'c', 'd', 'e', 'f', 'g', 'h', 'i', '=1+1'];
const images = {
  train: { ...madeImages(60, 1), classNames },
  test: { ...madeImages(40, 2), classNames },
};
const RUNS = [
  ['resnet_toy', 1],
  ['resnet_toy', 2],
  ['resnext_toy', 2],
  ['resnext_toy', 1],
] as const;

/** Milliseconds that four runs and their plots may take where something else has the processors. */
const SLOW_MACHINE = 180_000;

let folder: string;
let report: Report;
const to = (...path: string[]): string => join(folder, ...path);
const runFolder = (model: string, seed: number): string => to('runs', `${model} <b>${seed}`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cardinal-report-'));
  for (const [model, seed] of RUNS) {
    const recipe = { epochs: 2, batchSize: 20, seed };
    const config = await resolveRun({ model, data: { validation: 20 }, recipe });
    await startRun(runFolder(model, seed), config, { images });
  }
  report = await buildReport([to('runs')], { budget: 0, loadedImages: images });
  await writeReport(report, await reportFiles(to('report.html')));
}, SLOW_MACHINE);

afterAll(() => rm(folder, { recursive: true }));

async function resultsOf(model: string): Promise<RunResult[]> {
  const texts = await Promise.all(
    [1, 2].map((seed) => readFile(join(runFolder(model, seed), 'result.json'), 'utf8')),
  );
  return texts.map((text) => JSON.parse(text) as RunResult);
}

/** Cells of the comparison, by title of their column, a row for each group. */
function tableOf(page: HTMLElement): Record<string, { value: string; text: string }>[] {
  const table = page.querySelector('table.sortable');
  const titles = table?.querySelectorAll('thead th').map((head) => head.text.trim()) ?? [];
  return (table?.querySelectorAll('tbody tr') ?? []).map((row) =>
    Object.fromEntries(
      row
        .querySelectorAll('th, td')
        .map((cell, i) => [
          titles[i],
          { value: cell.getAttribute('data-value') ?? '', text: cell.text.trim() },
        ]),
    ),
  );
}

describe('page, JSON and CSV have the numbers of the runs', () => {
  test.each(['resnet_toy', 'resnext_toy'] as const)('%s', async (model) => {
    const [first, second] = await resultsOf(model);
    const [a, b] = [first.testAccuracy, second.testAccuracy];
    const mean = (a + b) / 2;
    const deviation = Math.abs(a - b) / Math.SQRT2; // of two values, by n - 1
    const rate = (first.trainImagesPerSecond + second.trainImagesPerSecond) / 2;
    const { params, macs } = modelInfo(model);

    const json = JSON.parse(await readFile(to('report.json'), 'utf8')) as Report;
    const group = json.groups.find(({ label }) => label === model);
    expect(group).toMatchObject({
      model,
      trainableParameters: params.trainable,
      macs,
      testImages: 40,
      epochs: 2,
    });
    expect(group?.runs.map(({ seed, testAccuracy }) => [seed, testAccuracy])).toEqual([
      [1, a],
      [2, b],
    ]);
    expect(group?.meanAccuracy).toBeCloseTo(mean, 12);
    expect(group?.accuracyDeviation).toBeCloseTo(deviation, 12);
    expect(group?.confusion).toEqual(
      first.confusion.map((row, i) => row.map((count, j) => count + second.confusion[i][j])),
    );
    expect(group?.classAccuracy).toEqual(group?.confusion.map((row, i) => row[i] / 8)); // 40 images, 10 classes, 2 runs

    const csv = parseCsv(await readFile(to('report.csv'), 'utf8'), { columns: true }) as Record<
      string,
      string
    >[];
    const line = csv.find(({ label }) => label === model);
    expect(line).toMatchObject({ model, seeds: '1 2', runs: '2', macs: String(macs) });
    expect(Number(line?.test_accuracy)).toBe(group?.meanAccuracy);
    expect(Number(line?.test_accuracy_deviation)).toBe(group?.accuracyDeviation);
    expect(Number(line?.total_parameters)).toBe(params.total);
    expect(Number(line?.latency_ms)).toBe(group?.measured?.latencyMs);
    expect(Number(line?.train_images_per_second)).toBeCloseTo(rate, 9);

    const row = tableOf(parseHtml(await readFile(to('report.html'), 'utf8'))).find(
      (cells) => cells.model.value === model,
    );
    expect(row?.['test accuracy'].text).toBe(
      `${(mean * 100).toFixed(2)} ± ${(deviation * 100).toFixed(2)} %`,
    );
    expect(Number(row?.['test accuracy'].value)).toBe(group?.meanAccuracy);
    expect(row?.['trainable parameters'].text).toBe(params.trainable.toLocaleString('en-US'));
    expect(row?.['MACs an image'].text).toBe(macs.toLocaleString('en-US'));
    expect(Number(row?.['images/s, batch 64'].value)).toBe(group?.measured?.imagesPerSecond);
  });

  test('every epoch of every run', async () => {
    for (const { model, runs } of report.groups) {
      for (const { seed, history } of runs) {
        const lines = (await readFile(join(runFolder(model, seed), 'metrics.jsonl'), 'utf8'))
          .trim()
          .split('\n');
        expect(history).toEqual(lines.map((text) => JSON.parse(text) as unknown));
      }
    }
  });

  test('the headline is on top, and names the dense twin', async () => {
    const page = parseHtml(await readFile(to('report.html'), 'utf8'));
    expect(page.querySelector('h1')?.text.replaceAll('\u00a0', ' ')).toBe(report.headline[0]);
    expect(report.headline[1]).toMatch(
      /^Against its dense twin resnet_toy, resnext_toy has 55 % fewer parameters and 49 % fewer multiply-acc/,
    );
  });
});

test('examples are test images with what the first run makes of them', async () => {
  for (const { model, examples } of report.groups) {
    const [{ confusion }] = await resultsOf(model);
    const counts = confusion.map((row) => row.map(() => 0));
    for (const { trueClass, predictedClass } of [...examples.wrong, ...examples.right]) {
      counts[classNames.indexOf(trueClass)][classNames.indexOf(predictedClass)]++;
    }
    // No more of a kind than the run's own test found, and as many mistakes as there is room for.
    counts.forEach((row, i) => row.forEach((count, j) => expect(count).toBeLessThanOrEqual(confusion[i][j])));
    const mistakes =
      confusion.flat().reduce((sum, n) => sum + n, 0) - confusion.reduce((sum, row, i) => sum + row[i], 0);
    expect(examples.wrong).toHaveLength(Math.min(8, mistakes));
    expect(examples.wrong.every(({ trueClass, predictedClass }) => trueClass !== predictedClass)).toBe(true);
    expect(examples.right.every(({ trueClass, predictedClass }) => trueClass === predictedClass)).toBe(true);
    const confidences = examples.wrong.map(({ confidence }) => confidence);
    expect(confidences).toEqual([...confidences].sort((a, b) => b - a));
    for (const { index, png, trueClass } of examples.wrong) {
      expect(trueClass).toBe(classNames[images.test.labels[index]]);
      const pixels = await sharp(Buffer.from(png.split(',')[1], 'base64'))
        .raw()
        .toBuffer();
      expect(pixels.equals(images.test.images.subarray(index * 3072, (index + 1) * 3072))).toBe(true);
    }
  }
});

test('the page holds its own script alone, and no name becomes markup', async () => {
  const text = await readFile(to('report.html'), 'utf8');
  const page = parseHtml(text);
  expect(page.querySelectorAll('script')).toHaveLength(1);
  expect(text).not.toContain(HOSTILE);
  expect(text).not.toMatch(/<img src=x|<b>1/);
  expect(page.text).toContain('alert(1)'); // where the class is named
  for (const element of page.querySelectorAll('*')) {
    const names = Object.keys(element.attributes);
    expect(names.filter((name) => name.startsWith('on'))).toEqual([]);
    const { src, href } = element.attributes;
    if (src !== undefined) expect(src).toMatch(/^data:image\/png;base64,/);
    if (href !== undefined) expect(href).toMatch(/^(#|data:,$)/);
  }
  const ids = page.querySelectorAll('[id]').map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const policy = page.querySelector('meta[http-equiv="Content-Security-Policy"]')?.getAttribute('content');
  expect(policy).toMatch(
    /^default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-[^']+';/,
  );
  expect(text).not.toMatch(/url\((?!#)|@import|https?:/);
});

test('no tensor is left behind', async () => {
  const before = tf.memory().numTensors;
  await buildReport([to('runs')], { budget: 0, loadedImages: images });
  expect(tf.memory().numTensors).toBe(before);
});

describe('runs that were trained otherwise', () => {
  test('make a row of their own, named by what sets them apart', async () => {
    const other = to('other');
    await cp(runFolder('resnet_toy', 1), other, { recursive: true });
    const config = JSON.parse(await readFile(join(other, 'config.json'), 'utf8')) as { recipe: object };
    await writeFile(
      join(other, 'config.json'),
      JSON.stringify({ ...config, recipe: { ...config.recipe, learningRate: 0.05 } }),
    );
    await rm(join(other, 'SHA256SUMS'));
    const { groups, headline } = await buildReport([to('runs'), other], { measure: false, examples: false });
    expect(groups.map(({ label, runs }) => [label, runs.length])).toEqual([
      ['resnet_toy, learning rate 0.1', 2],
      ['resnext_toy', 2],
      ['resnet_toy, learning rate 0.05', 1],
    ]);
    expect(groups[1].denseTwin).toBe('resnet_toy, learning rate 0.1');
    expect(headline.at(-1)).toMatch(/^They were not all trained alike.* they differ in learning rate\.$/);
    expect(report.headline.join(' ')).not.toContain('trained alike');
  });
});

describe('the command', () => {
  const quick = ['--no-measure', '--no-images'];

  test('--json has stdout to itself, and says what the file says', async () => {
    const { code, out } = await cardinal(
      'report',
      to('runs'),
      '--to',
      to('new', 'a.html'),
      ...quick,
      '--json',
    );
    expect(code).toBe(0);
    const printed = JSON.parse(out) as Report;
    expect(printed).toEqual(JSON.parse(await readFile(to('new', 'a.json'), 'utf8')));
    expect(printed).toMatchObject({ measuredOn: null, hasImages: false });
    const page = parseHtml(await readFile(to('new', 'a.html'), 'utf8'));
    expect(page.text).toContain('Inference was not measured for this report (--no-measure)');
    expect(page.text).toContain('Example images were left out');
    expect(page.querySelectorAll('img')).toEqual([]);
    expect(Object.keys(tableOf(page)[0])).not.toContain('latency, ms');
  });

  test('an unfinished run is named and left out', async () => {
    await cp(runFolder('resnext_toy', 1), to('mixed', 'done'), { recursive: true });
    await cp(runFolder('resnext_toy', 2), to('mixed', 'half'), { recursive: true });
    await rm(to('mixed', 'half', 'result.json'));
    const { code, err, out } = await cardinal('report', to('mixed'), '--to', to('mixed.html'), ...quick);
    expect(code).toBe(0);
    expect(err).toContain(`${to('mixed', 'half')} is not finished, and left out`);
    expect(out).toContain(to('mixed.csv'));
    const { groups, unfinished } = JSON.parse(await readFile(to('mixed.json'), 'utf8')) as Report;
    expect(groups.map(({ runs }) => runs.map(({ run }) => run))).toEqual([[to('mixed', 'done')]]);
    expect(unfinished).toEqual([to('mixed', 'half')]);
  });

  test('a run that is named twice is there once', async () => {
    const done = runFolder('resnet_toy', 1);
    const { groups } = await buildReport([done, `${done}/`, to('runs')], { measure: false, examples: false });
    expect(groups.map(({ runs }) => runs.length)).toEqual([2, 2]);
  });

  describe('what cannot be done is told in one line, and nothing is written', () => {
    beforeAll(async () => {
      await mkdir(to('empty'));
      await cp(runFolder('resnet_toy', 1), to('damaged'), { recursive: true });
      await truncate(to('damaged', 'metrics.jsonl'), 30);
      await cp(runFolder('resnet_toy', 1), to('unfinished'), { recursive: true });
      await rename(to('unfinished', 'result.json'), to('unfinished', 'kept.json'));
    });

    test.each<[string, string[], number, RegExp]>([
      ['a folder without runs', ['empty'], 2, /empty is no run folder and holds none/],
      ['a folder that is not there', ['nowhere'], 2, /nowhere could not be read as a folder of runs/],
      [
        'only unfinished runs',
        ['unfinished'],
        1,
        /no run is finished; `cardinal train --resume .*unfinished`/,
      ],
      ['damaged metrics', ['damaged'], 1, /damaged\/metrics\.jsonl, line 1 is damaged/],
    ])('%s', async (_, [run], code, message) => {
      const outcome = await cardinal('report', to(run), '--to', to('not.html'), ...quick);
      expect([outcome.code, outcome.out]).toEqual([code, '']);
      expect(outcome.err).toMatch(message);
      expect(outcome.err.trim().split('\n')).toHaveLength(1);
      await expect(readFile(to('not.html'))).rejects.toThrow('ENOENT');
    });

    test('a file that is there, unless it may be replaced', async () => {
      await writeFile(to('taken.csv'), 'mine');
      const args = ['report', runFolder('resnet_toy', 1), '--to', to('taken.html'), ...quick];
      const refused = await cardinal(...args);
      expect(refused).toMatchObject({ code: 1, out: '' });
      expect(refused.err).toMatch(/taken\.csv is there already: --overwrite replaces it/);
      expect(await readFile(to('taken.csv'), 'utf8')).toBe('mine');
      expect((await cardinal(...args, '--overwrite')).code).toBe(0);
      expect(await readFile(to('taken.csv'), 'utf8')).toMatch(/^label,model,seeds,runs,/);
    });

    test.each([
      ['another kind of file', ['--to', 'report.pdf'], /--to: expected a file that ends in \.html/],
      ['no file', [], /required option '--to <file>' not specified/],
      ['an unknown option', ['--to', 'a.html', '--no-measur'], /unknown option '--no-measur'/],
    ])('%s is wrong usage', async (_, options, message) => {
      const { code, out, err } = await cardinal('report', to('runs'), ...options);
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(message);
    });
  });
});
