import type { Command } from 'commander';

import type { BackendName } from '../../../src/backends/use-backend-node';
import { comparisonMarkdown } from '../../../src/compare/markdown';
import { InvalidArgumentError } from '../../../src/errors';
import { compareRunFolders } from '../../compare-run-folders';
import { comparisonTable } from '../comparison-table';
import { createMeasureProgress } from '../measure-progress';
import { print, printJson } from '../output';
import { addOptions, BACKEND_OPTION } from '../train-options';

const EXAMPLES = `
Examples:
  $ cardinal compare runs/resnet_toy runs/resnext_toy
  $ cardinal compare runs/* --markdown > comparison.md

Ratios are to the first run. Accuracy and training images/s are those of the runs' results; latency (the median, at
batch 1) and images/s at batch 64 are measured now, the models taking turns. MACs are those of convolutions and linear
layers for one image. Bytes are those of the exported folder, model.json and weights.bin.`;

interface CompareFlags {
  readonly backend?: BackendName;
  readonly json?: boolean;
  readonly markdown?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('compare')
    .description('set finished runs side by side, with ratios to the first')
    .argument('<run...>', 'run folders, such as runs/toy');
  addOptions(command, [BACKEND_OPTION]);
  command
    .option('--markdown', 'print a Markdown table')
    .option('--json', 'print the comparison as JSON')
    .addHelpText('after', EXAMPLES)
    .action(runCompare);
}

async function runCompare(folders: string[], { backend, json, markdown }: CompareFlags): Promise<void> {
  if (json === true && markdown === true) {
    throw new InvalidArgumentError('--json, --markdown: expected one of them. Received: both.');
  }
  const progress = createMeasureProgress();
  try {
    const { onProgress } = progress;
    const comparison = await compareRunFolders(folders, { backend, onProgress });
    progress.stop();
    if (json === true) printJson(comparison);
    else if (markdown === true) print(comparisonMarkdown(comparison).trimEnd());
    else print(comparisonTable(comparison));
  } finally {
    progress.stop();
  }
}
