import type { Command } from 'commander';

import { CHECKPOINTS, type CheckpointName } from '../../../src/train/run-folder-node';
import { testedNoun } from '../../../src/compare/tested-on';
import { evaluateRun, type RunEvaluation } from '../../evaluate-run';
import { print, printJson } from '../output';
import { plainTable } from '../plain-table';
import {
  choice,
  addOptions,
  MACHINE_OPTIONS,
  TEST_VIEWS_OPTION,
  whole,
  type TrainFlags,
} from '../train-options';
import { createTrainingReporter, percent } from '../training-reporter';

const EXAMPLES = `
Examples:
  $ cardinal eval runs/toy
  $ cardinal eval runs/toy --test-views flip
  $ cardinal eval runs/toy --checkpoint last --json`;

interface EvalFlags extends Pick<TrainFlags, 'backend' | 'data' | 'json' | 'testViews'> {
  readonly checkpoint: CheckpointName;
  readonly batchSize?: number;
}

export function register(program: Command): void {
  const command = program
    .command('eval')
    .description('test a run on all its test images, or where its data has none, on those of validation')
    .argument('<run>', 'a run folder, such as runs/toy')
    .option(
      '--checkpoint <name>',
      `${CHECKPOINTS.join(' or ')}`,
      choice('--checkpoint', CHECKPOINTS),
      CHECKPOINTS[0],
    )
    .option('--batch-size <n>', 'images at a time (256)', whole('--batch-size', 1));
  addOptions(command, [TEST_VIEWS_OPTION, ...MACHINE_OPTIONS]);
  command.option('--json', 'print the result as JSON').addHelpText('after', EXAMPLES).action(runEval);
}

async function runEval(folder: string, flags: EvalFlags): Promise<void> {
  const reporter = createTrainingReporter();
  try {
    const { checkpoint, batchSize, backend, data: source, testViews: testTimeAugmentation } = flags;
    const asked = { checkpoint, batchSize, testTimeAugmentation, backend, source };
    const evaluation = await evaluateRun(folder, { ...asked, reporter });
    reporter.stop();
    if (flags.json === true) printJson(evaluation);
    else print(describe(evaluation));
  } finally {
    reporter.stop();
  }
}

function describe(evaluation: RunEvaluation): string {
  const { model, checkpoint, epochs, accuracy, loss, count, imagesPerSecond, confusion, testData } =
    evaluation;
  const table = plainTable(['class', 'accuracy', 'most often taken for'], [1]);
  evaluation.classNames.forEach((name, label) => {
    const wrong = confusion[label].map((images, guess) => (guess === label ? -1 : images));
    const most = wrong.indexOf(Math.max(...wrong));
    table.push([
      name,
      percent(evaluation.classAccuracy[label]),
      `${evaluation.classNames[most]} (${wrong[most]})`,
    ]);
  });
  return [
    `${model}, ${checkpoint} checkpoint, after ${epochs} epochs: ${percent(accuracy)} of ${count} ${testedNoun(testData)}, ` +
      `loss ${loss.toFixed(4)}, ${imagesPerSecond.toFixed(0)} images/s`,
    '',
    table.toString(),
  ].join('\n');
}
