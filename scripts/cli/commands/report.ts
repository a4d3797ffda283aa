import type { Command } from 'commander';

import { InvalidArgumentError } from '../../../src/errors';
import { buildReport } from '../../report/build-report';
import { findRuns } from '../../report/find-runs';
import { reportFiles, writeReport, type ReportFiles } from '../../report/write-report';
import type { Report } from '../../report/report';
import { createMeasureProgress } from '../measure-progress';
import { colors, note, print, printJson } from '../output';
import { addOptions, doesNotApply, MACHINE_OPTIONS, type TrainFlags } from '../train-options';

const EXAMPLES = `
Examples:
  $ cardinal report runs/quickstart --to report.html
  $ cardinal report runs/resnet_toy runs/resnext_toy --to toys.html --overwrite
  $ cardinal report runs/families --to families.html --no-measure --no-images

A folder of runs stands for all finished runs in it. Runs that differ in their seed alone make one row, with mean and
standard deviation. The page is one file that loads nothing; FILE.json and FILE.csv beside it hold the same numbers.`;

interface ReportFlags extends Pick<TrainFlags, 'backend' | 'data' | 'json' | 'overwrite'> {
  readonly to?: string;
  readonly measure: boolean;
  readonly images: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('report')
    .description('write a page that compares finished runs: tables, plots, mistakes, layers, recipes')
    .argument('<run...>', 'run folders, or folders of runs such as runs/quickstart')
    .option('--to <file>', 'the page to write, such as report.html');
  addOptions(command, MACHINE_OPTIONS)
    .option('--no-measure', 'leave out latency and speed of inference, which are measured now')
    .option('--no-images', 'leave out example images, which need the data')
    .option('--overwrite', 'replace files that are there already')
    .option('--json', 'print what FILE.json holds')
    .addHelpText('after', EXAMPLES)
    .action(runReport);
}

async function runReport(paths: string[], flags: ReportFlags): Promise<void> {
  await findRuns(paths);
  const { to, overwrite, json, backend, data: source, measure, images: examples } = flags;
  // In commander's words, which would ask for it before the runs are looked at.
  if (to === undefined) throw new InvalidArgumentError("required option '--to <file>' not specified");
  if (source !== undefined && !examples) {
    throw doesNotApply('--data', 'only images need the data, and --no-images leaves them out', source);
  }
  if (backend !== undefined && !measure && !examples) {
    throw doesNotApply('--backend', 'nothing is computed with --no-measure and --no-images', backend);
  }
  // Before the long work.
  const files = await reportFiles(to, { overwrite });
  const progress = createMeasureProgress();
  try {
    const report = await buildReport(paths, {
      backend,
      source,
      measure,
      examples,
      onProgress: progress.onProgress,
      reporter: {
        onNote: note,
        onData: ({ phase, done, total, unit }) => progress.onProgress(phase, done, total, unit),
      },
    });
    progress.stop();
    for (const folder of report.unfinished) note(`${folder} is not finished, and left out`);
    await writeReport(report, files);
    if (json === true) printJson(report);
    else print(describe(report, files));
  } finally {
    progress.stop();
  }
}

function describe({ headline }: Report, { html, json, csv }: ReportFiles): string {
  return [...headline, '', `${colors.bold(html)}, with the same numbers in ${json} and ${csv}`].join('\n');
}
