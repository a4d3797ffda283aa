import type { Command } from 'commander';

import { invalidArgument } from '../../../src/errors';
import { CHECKPOINTS, type CheckpointName } from '../../../src/train/run-folder-node';
import { exportModel, type ExportReport } from '../../export-model';
import { print, printJson } from '../output';
import { grouped } from '../plain-table';
import { choice, MACHINE_OPTIONS, whole, type TrainFlags } from '../train-options';

const EXAMPLES = `
Examples:
  $ cardinal export runs/toy --to exports/toy
  $ cardinal export runs/toy --to exports/toy --checkpoint last --overwrite
  $ cardinal export resnext_toy --to exports/fresh --seed 1

The folder holds model.json and weights.bin, as tf.loadLayersModel reads them from disk or over HTTP. A program that
loads it imports tfjs-cardinal first, which registers GroupedConv2D. Class names, and the mean and deviation that
pixels are normalised with, are in the model's user-defined metadata under 'tfjs-cardinal'.`;

interface ExportFlags extends Pick<TrainFlags, 'backend' | 'json' | 'overwrite' | 'seed' | 'to'> {
  readonly checkpoint?: CheckpointName;
}

export function register(program: Command): void {
  const command = program
    .command('export')
    .description('write a run or a fresh model as a tfjs LayersModel folder')
    .argument('<run|model>', 'a run folder such as runs/toy, or a model that `cardinal list` shows')
    .option('--to <folder>', 'the folder to make, such as exports/toy')
    .option(
      '--checkpoint <name>',
      `of a run: ${CHECKPOINTS.join(' or ')} (best)`,
      choice('--checkpoint', CHECKPOINTS),
    )
    .option('--seed <n>', 'of the fresh weights of a model (0)', whole('--seed', 0))
    .option('--overwrite', 'replace an export that --to holds already');
  const backend = MACHINE_OPTIONS.filter(({ flags }) => flags.startsWith('--backend'));
  for (const { flags, summary, parse } of backend) command.option(flags, summary, parse);
  command.option('--json', 'print what was written as JSON').addHelpText('after', EXAMPLES).action(runExport);
}

async function runExport(source: string, { json, to, ...flags }: ExportFlags): Promise<void> {
  if (to === undefined) throw invalidArgument('--to', 'a folder to make, such as exports/toy', 'nothing');
  const report = await exportModel({ source, to, ...flags });
  if (json === true) printJson(report);
  else print(describe(report));
}

function describe({ folder, files, description, verified }: ExportReport): string {
  const { model, weights } = description;
  const from =
    weights.kind === 'initial'
      ? `fresh weights, not trained (seed ${weights.seed})`
      : `${weights.checkpoint} checkpoint, after ${weights.epochs} ${weights.epochs === 1 ? 'epoch' : 'epochs'}` +
        (weights.averaged ? ', moving average of the weights' : '');
  const sizes = Object.entries(files).map(([name, bytes]) => `${name} ${grouped(bytes)} bytes`);
  return [
    `${model}, ${from}, in ${folder}: ${sizes.join(', ')}`,
    `read back on ${verified.backend}: the same bits for ${verified.images} seeded images`,
  ].join('\n');
}
