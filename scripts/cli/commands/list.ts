import type { Command } from 'commander';
import { nearest } from '../../../src/errors';
import { listModels, modelInfo } from '../../../models/catalogue';
import { note, noteColors, print, printJson } from '../output';
import { grouped, plainTable } from '../plain-table';
import { columnsOf, wrapped } from '../wrap';

interface ListOptions {
  json?: boolean;
}

const EXAMPLES = `
Examples:
  $ cardinal list
  $ cardinal list 'resnext29_*'
  $ cardinal list mobilenet --json`;

export function register(program: Command): void {
  program
    .command('list')
    .description('list the models of the zoo')
    .argument('[pattern]', "a glob such as 'resnext29_*', or a part of the name")
    .option('--json', 'print a JSON array of names')
    .addHelpText('after', EXAMPLES)
    .action((pattern: string | undefined, options: ListOptions) => list(pattern, options));
}

function list(pattern: string | undefined, { json }: ListOptions): void {
  const names = listModels(pattern);
  if (json) {
    printJson(names);
    return;
  }
  if (names.length === 0) {
    const near = nearest(pattern ?? '', listModels());
    note(`no model matches '${pattern}'${near === undefined ? '' : ` (did you mean '${near}'?)`}`);
    return;
  }
  const table = plainTable(
    ['model', 'parameters', 'MACs', 'input', 'source', 'dense twin'],
    [1, 2],
    [5, 4, 3],
  );
  for (const name of names) {
    const { params, macs, inputShape, source, denseTwin } = modelInfo(name);
    const counts = [grouped(params.trainable), grouped(macs)];
    table.push([name, ...counts, inputShape.join('x'), source, denseTwin ?? '']);
  }
  print(table.toString());
  const legend =
    'parameters: trainable ones, as torchvision counts; MACs: convolutions and linear layer, one image; ' +
    'source: whose definition it follows, and whose weights fit';
  note(noteColors.dim(wrapped(legend, columnsOf(process.stderr), 0)));
}
