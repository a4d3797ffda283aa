#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import {
  CardinalError,
  InterruptedError,
  invalidArgument,
  InvalidArgumentError,
  nearest,
} from '../../src/errors';
import { packageVersion } from '../package-version';
import { EXIT, EXIT_CODES_HELP, signalExitCode } from './exit-codes';
import { inFlags } from './flag-names';
import { endingExitCode, endWork, respectNohup } from './interrupt';
import { sayLast, surviveLostOutput } from './lost-output';
import { columnsOf, wrapped } from './wrap';

interface CommandModule {
  register(program: Command): void;
}

/** A command's name and line in `cardinal --help`, and how to load the file that has the rest of it. */
interface Entry {
  readonly name: string;
  readonly summary: string;
  load(): CommandModule;
}

// Only the file of the command that is asked for is loaded, so that help and `list` need not wait for TensorFlow.js.
/* eslint-disable @typescript-eslint/no-require-imports */
const COMMANDS: readonly Entry[] = [
  {
    name: 'quickstart',
    summary: 'fetch CIFAR-10, train three toy models, export and compare them',
    load: () => require('./commands/quickstart') as typeof import('./commands/quickstart'),
  },
  {
    name: 'train',
    summary: 'train a model on CIFAR-10',
    load: () => require('./commands/train') as typeof import('./commands/train'),
  },
  {
    name: 'finetune',
    summary: 'fine-tune a model on a folder of images',
    load: () => require('./commands/finetune') as typeof import('./commands/finetune'),
  },
  {
    name: 'eval',
    summary: 'test a trained run on all test images',
    load: () => require('./commands/eval') as typeof import('./commands/eval'),
  },
  {
    name: 'import',
    summary: 'write a model with weights from PyTorch as a TensorFlow.js model folder',
    load: () => require('./commands/import') as typeof import('./commands/import'),
  },
  {
    name: 'export',
    summary: 'write a run or a model as a tfjs, TensorFlow, ONNX or PyTorch model folder',
    load: () => require('./commands/export') as typeof import('./commands/export'),
  },
  {
    name: 'compare',
    summary: 'put runs side by side',
    load: () => require('./commands/compare') as typeof import('./commands/compare'),
  },
  {
    name: 'report',
    summary: 'write a page that compares runs, with plots',
    load: () => require('./commands/report') as typeof import('./commands/report'),
  },
  {
    name: 'experiment',
    summary: 'run a matrix of models, groups, recipes and seeds, and compare them',
    load: () => require('./commands/experiment') as typeof import('./commands/experiment'),
  },
  {
    name: 'list',
    summary: 'list the models',
    load: () => require('./commands/list') as typeof import('./commands/list'),
  },
  {
    name: 'info',
    summary: 'show the layers, parameters and MACs of a model',
    load: () => require('./commands/info') as typeof import('./commands/info'),
  },
  {
    name: 'diagram',
    summary: 'draw a model, a block or a convolution as an SVG file',
    load: () => require('./commands/diagram') as typeof import('./commands/diagram'),
  },
  {
    name: 'explain',
    summary: 'write out the parameters and MACs of a convolution',
    load: () => require('./commands/explain') as typeof import('./commands/explain'),
  },
  {
    name: 'doctor',
    summary: 'show versions, backend, caches and what is missing',
    load: () => require('./commands/doctor') as typeof import('./commands/doctor'),
  },
  {
    name: 'setup',
    summary: 'provide the native library of an installed tfjs-node',
    load: () => require('./commands/setup') as typeof import('./commands/setup'),
  },
];
/* eslint-enable @typescript-eslint/no-require-imports */

/**
 * Runs the command line and returns its exit code, one of those that `cardinal --help` ends with.
 *
 * @param args what follows the name of the program, such as `['list', '--json']`
 *
 * @example
 * process.exitCode = await main(['doctor', '--json']);
 */
export async function main(args: readonly string[]): Promise<number> {
  const { verbose, rest } = takeVerbose(args);
  let command: Command | undefined;
  try {
    const program = buildProgram(rest);
    command = program.commands.find((one) => one.name() === rest.find((word) => !word.startsWith('-')));
    if (rest.length === 0) {
      program.outputHelp({ error: true });
      return EXIT.usage;
    }
    checkHelp(program, rest);
    await program.parseAsync([...rest], { from: 'user' });
    return Number(process.exitCode ?? EXIT.done);
  } catch (error) {
    return report(error, verbose, command);
  }
}

function buildProgram(args: readonly string[]): Command {
  const program = new Command('cardinal')
    .description('Grouped convolution for TensorFlow.js: train, export and compare small vision models')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .option('--verbose', 'show the stack of an error')
    .addHelpText('after', `\n${EXIT_CODES_HELP}`);
  program.exitOverride().configureOutput({
    outputError: (text, write) => write(oneLine(text) + '\n'),
    writeOut: (text) => void process.stdout.write(wrapped(text, columnsOf(process.stdout))),
  });
  const words = args.filter((word) => !word.startsWith('-'));
  const wanted = words[0] === 'help' ? words[1] : words[0];
  for (const { name, summary, load } of COMMANDS) {
    if (name === wanted) load().register(program);
    else program.command(name).description(summary);
  }
  for (const command of program.commands) command.allowExcessArguments(false);
  program.hook('preAction', (_, command) => refuseEmpty(command));
  return program;
}

// What an unset variable of a shell leaves (`--to "$FOLDER"`) would be taken for the folder that one is in.
function refuseEmpty(command: Command): void {
  const empty = command.options.find((option) =>
    [command.getOptionValue(option.attributeName())].flat().includes(''),
  );
  const at = command.processedArgs.flat().indexOf('');
  const argument = command.registeredArguments[Math.min(at, command.registeredArguments.length - 1)];
  const what = empty?.long ?? (at === -1 ? undefined : argument?.name());
  if (what !== undefined) throw invalidArgument(what, 'something', '');
}

/** Commander answers by help where it is asked about a command that there is not, without a word about it. */
function checkHelp(program: Command, [first, ...others]: readonly string[]): void {
  if (first !== 'help') return;
  const [named = 'help', ...more] = others.filter((word) => !word.startsWith('-'));
  const names = ['help', ...program.commands.map((command) => command.name())];
  if (!names.includes(named)) {
    const near = nearest(named, names);
    throw new InvalidArgumentError(
      `unknown command '${named}'${near === undefined ? '' : ` (Did you mean ${near}?)`}`,
    );
  }
  if (more.length > 0) throw new InvalidArgumentError(`too many arguments for 'help': ${more.join(' ')}`);
}

// `--verbose` may stand anywhere, so that it can be added to the end of a line that failed.
function takeVerbose(args: readonly string[]): { verbose: boolean; rest: string[] } {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const rest = args.filter((word, position) => word !== '--verbose' || position > end);
  return { verbose: rest.length < args.length || Boolean(process.env.DEBUG), rest };
}

/** Says on stderr, in one line, what went wrong, and returns the exit code that goes with it. */
function report(error: unknown, verbose: boolean, command: Command | undefined): number {
  // Commander has printed its own errors already, and throws for --help and --version as well.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const text = error instanceof Error ? error.message : String(error);
  // Errors of the library name its options; what a person can change here are flags.
  const message = command !== undefined && error instanceof CardinalError ? inFlags(text, command) : text;
  const stack = verbose && error instanceof Error ? `${error.stack ?? ''}\n` : '';
  sayLast(`${oneLine(`error: ${message}`)}\n${stack}`);
  if (error instanceof InvalidArgumentError) return EXIT.usage;
  return error instanceof InterruptedError ? (endingExitCode() ?? signalExitCode('SIGINT')) : EXIT.failed;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ');
}

/** What no command has caught: a stack alone would tell a person nothing, and what a run has done would be lost. */
function surviveUncaughtErrors(): void {
  process.on('uncaughtException', (error: unknown) => {
    const { verbose } = takeVerbose(process.argv);
    const isSaving = endWork(EXIT.failed);
    report(error, verbose, undefined);
    process.exitCode = EXIT.failed;
    if (!isSaving) process.exit();
  });
}

if (require.main === module) {
  respectNohup();
  surviveLostOutput();
  surviveUncaughtErrors();
  let isSettled = false;
  process.on('exit', () => {
    // Node ends in silence, and as if all were well, where nothing is left that could go on with the work.
    if (isSettled || process.exitCode !== undefined) return;
    process.exitCode = EXIT.failed;
    sayLast('error: the work came to a standstill and was not done\n');
  });
  void main(process.argv.slice(2)).then((code) => {
    isSettled = true;
    // What could not be printed may have been found out already.
    process.exitCode = process.exitCode || code;
  });
}
