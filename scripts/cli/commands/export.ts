import type { Command } from 'commander';

import { invalidArgument } from '../../../src/errors';
import { CHECKPOINTS, type CheckpointName } from '../../../src/train/run-folder-node';
import { QUANTISED_DTYPES, type QuantisedDtype } from '../../../src/export/quantise';
import { EXPORT_FORMATS, FORMAT_NAMES, type FormatName } from '../../export-formats';
import { checkExportSource, EXPORT_STEPS, exportModel, type ExportReport } from '../../export-model';
import { print, printJson } from '../output';
import { fileSizes } from '../plain-table';
import { startProgress, type Progress } from '../progress';
import { choice, addOptions, BACKEND_OPTION, whole, type TrainFlags } from '../train-options';

const EXAMPLES = `
Examples:
  $ cardinal export runs/toy --to exports/toy
  $ cardinal export runs/toy --to exports/toy --checkpoint last --overwrite
  $ cardinal export runs/toy --format onnx --to exports/toy.onnx
  $ cardinal export runs/toy --format onnx --external-data --to exports/toy.onnx
  $ cardinal export runs/toy --quantize float16 --to exports/toy-small
  $ cardinal export resnext_toy --to exports/fresh --seed 1

Formats:
${FORMAT_NAMES.map((name) => `  ${name.padEnd(14)}${EXPORT_FORMATS[name].title}, a ${EXPORT_FORMATS[name].kind}`).join('\n')}

What was written is read back and run against the model; the largest difference is printed, and stands in the model card
beside it (README.md in a folder, NAME.md of a file). A program that loads a LayersModel imports tfjs-cardinal first, which
registers GroupedConv2D. Class names, and the mean and deviation that pixels are normalised with, are in the model's
user-defined metadata under 'tfjs-cardinal'.`;

interface ExportFlags extends Pick<TrainFlags, 'backend' | 'json' | 'overwrite' | 'seed' | 'to'> {
  readonly checkpoint?: CheckpointName;
  readonly format?: FormatName;
  readonly quantize?: QuantisedDtype;
  readonly externalData?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('export')
    .description('write a run or a fresh model for TensorFlow.js, ONNX, TensorFlow or PyTorch')
    .argument('<run|model>', 'a run folder such as runs/toy, or a model that `cardinal list` shows')
    .option('--to <path>', 'the folder or file to make, such as exports/toy')
    .option('--format <name>', 'one of those below (layers-model)', choice('--format', FORMAT_NAMES))
    .option(
      '--quantize <type>',
      `store kernels as ${QUANTISED_DTYPES.join(', ')} (float32)`,
      choice('--quantize', QUANTISED_DTYPES),
    )
    .option('--external-data', 'weights of an ONNX model in NAME.onnx.data beside it (from 2 GiB on)')
    .option('--no-external-data', 'all of an ONNX model in one file')
    .option(
      '--checkpoint <name>',
      `of a run: ${CHECKPOINTS.join(' or ')} (best)`,
      choice('--checkpoint', CHECKPOINTS),
    )
    .option('--seed <n>', 'of the fresh weights of a model (0)', whole('--seed', 0))
    .option('--overwrite', 'replace an export that --to holds already');
  addOptions(command, [BACKEND_OPTION]);
  command.option('--json', 'print what was written as JSON').addHelpText('after', EXAMPLES).action(runExport);
}

async function runExport(source: string, { json, to, ...flags }: ExportFlags): Promise<void> {
  await checkExportSource(source);
  const { example } = EXPORT_FORMATS[flags.format ?? 'layers-model'];
  if (to === undefined) throw invalidArgument('--to', `a path to make, such as ${example}`, 'nothing');
  let progress: Progress | undefined;
  const onStep = (done: number): void => {
    progress ??= startProgress(`export to ${to}`, EXPORT_STEPS.length, 'steps');
    progress.update(done, done < EXPORT_STEPS.length ? { now: EXPORT_STEPS[done] } : {});
  };
  let report: ExportReport;
  try {
    report = await exportModel({ source, to, onStep, ...flags });
  } finally {
    progress?.stop();
  }
  if (json === true) printJson(report);
  else print(describe(report));
}

function describe({ path, files, description, verified, card }: ExportReport): string {
  const { model, weights } = description;
  const from = originOf(weights);
  return [
    `${model}, ${from}, in ${path}: ${fileSizes(files)}`,
    describeVerification(verified),
    `model card: ${card}`,
  ].join('\n');
}

function originOf(weights: ExportReport['description']['weights']): string {
  switch (weights.kind) {
    case 'initial':
      return `fresh weights, not trained (seed ${weights.seed})`;
    case 'imported':
      return `weights from ${weights.source}`;
    case 'trained': {
      const { checkpoint, epochs, averaged } = weights;
      const average = averaged ? ', moving average of the weights' : '';
      return `${checkpoint} checkpoint, after ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}${average}`;
    }
  }
}

function describeVerification(verified: ExportReport['verified']): string {
  if ('unverified' in verified) return `not verified: ${verified.unverified}`;
  const { images, by, largestDifference } = verified;
  return largestDifference === 0
    ? `read back by ${by}: the same bits for ${images} seeded images`
    : `read back by ${by}: for ${images} seeded images the largest difference is ${largestDifference.toPrecision(2)} of the largest output`;
}
