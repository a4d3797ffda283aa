#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { CardinalError, InvalidArgumentError, unknownChoice } from '../../src/errors';
import { note, print, printJson } from '../cli/output';
import { packageRoot } from '../cli/package-root';
import { startProgress } from '../cli/progress';
import { isModelName, listModels, type ModelName } from '../../models/catalogue';
import { inferencePlan } from './cases/inference';
import { opsPlan } from './cases/ops';
import { scalingPlan } from './cases/scaling';
import { strategiesPlan } from './cases/strategies';
import { BENCHMARKED_MODELS, trainingPlan } from './cases/training';
import type { Programs } from './contestants';
import type { Effort, Plan } from './plan';
import { profileMarkdown, profileTraining } from './profile-training';
import { pythonWithPeers } from './python-environment';
import { figuresOf } from './report/figures';
import { markdownOf } from './report/markdown';
import { writeResult } from './report/write-results';
import type { Result } from './results';
import { runPlan, turnsOf } from './run-plan';

interface Case {
  readonly about: string;
  readonly plan: (programs: Programs, effort: Effort, models?: readonly ModelName[]) => Plan;
  readonly effort: Effort;
}

const LONG_STEPS: Effort = { rounds: 7, turn: 1_000, slow: 2_500, slowRounds: 3 };
const SHORT_STEPS: Effort = { rounds: 15, turn: 100, slow: 2_000, slowRounds: 5 };
const QUICK: Effort = { rounds: 3, turn: 50, slow: 500, slowRounds: 1 };

const CASES: Readonly<Record<string, Case>> = {
  ops: {
    about: 'grouped convolution by itself',
    plan: (programs, effort) => opsPlan(programs, effort),
    effort: SHORT_STEPS,
  },
  training: { about: 'a training step of four models, and memory', plan: trainingPlan, effort: LONG_STEPS },
  inference: {
    about: 'the same models, batch 1 and 64',
    plan: inferencePlan,
    effort: { ...SHORT_STEPS, rounds: 9 },
  },
  scaling: {
    about: 'time against batch, groups and depth',
    plan: scalingPlan,
    effort: { rounds: 5, turn: 200, slow: 1_500, slowRounds: 3 },
  },
  strategies: {
    about: 'every strategy on every backend',
    plan: strategiesPlan,
    effort: { ...SHORT_STEPS, rounds: 9 },
  },
};
/** Strategies are of interest to those who work on them only. */
const DEFAULT_CASES = ['ops', 'training', 'inference', 'scaling'];

interface Options {
  readonly peers?: boolean;
  readonly quick?: boolean;
  readonly profile?: boolean;
  readonly json?: boolean;
  readonly threads: string;
  readonly models?: string;
  readonly out?: string;
}

/** Runs the benchmark; resolves with the exit code: 0 fine, 1 failed, 2 wrong usage. */
export async function main(args: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command('npm run bench --')
    .description('Measure tfjs-cardinal, stock tfjs-node and, with --peers, Python libraries in turns.')
    .argument('[case...]', `what to measure; ${DEFAULT_CASES.join(', ')} unless given`)
    .option(
      '--peers',
      'also measure PyTorch, torch.compile, Keras and ONNX Runtime, installed on first use (3 GB)',
    )
    .option('--quick', 'few and short rounds, to see that all works; results go to runs/bench')
    .option('--profile', 'instead: where the time of a training step goes, operation by operation')
    .option('--json', 'print the results as JSON')
    .option('--threads <n>', 'threads that each may use', String(availableParallelism()))
    .option(
      '--models <names>',
      'of --profile and of the cases training and inference, separated by commas; four unless given',
    )
    .option('--out <folder>', 'where results are written; docs/results unless given')
    .addHelpText('after', helpText())
    .exitOverride()
    .action(async (cases: string[], options: Options) => {
      code = await bench(cases.length === 0 ? DEFAULT_CASES : cases, options);
    });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    note(`error: ${(error as Error).message}`);
    if (process.env.DEBUG || !(error instanceof CardinalError)) note((error as Error).stack ?? '');
    return error instanceof InvalidArgumentError ? 2 : 1;
  }
}

function helpText(): string {
  const cases = Object.entries(CASES).map(([name, { about }]) => `  ${name.padEnd(12)}${about}`);
  const examples = [
    '',
    '-- ops --quick',
    '-- training --peers',
    '-- --profile --models resnext_toy',
    '-- --peers --threads 1',
  ];
  return [
    '',
    'Cases:',
    ...cases,
    '',
    'Examples:',
    ...examples.map((example) => `  $ npm run bench ${example}`),
  ].join('\n');
}

async function bench(names: readonly string[], options: Options): Promise<number> {
  for (const name of names) {
    if (!Object.hasOwn(CASES, name)) throw unknownChoice('case', name, Object.keys(CASES));
  }
  const models = options.models?.split(',').map(modelNamed);
  if (options.profile) return profile(models ?? BENCHMARKED_MODELS, options);
  const threads = Number(options.threads);
  if (!Number.isSafeInteger(threads) || threads < 1) {
    throw new InvalidArgumentError(
      `threads: expected a whole number of at least 1. Received: '${options.threads}'.`,
    );
  }
  const programs = {
    worker: join(__dirname, 'worker', 'index.js'),
    threads,
    ...(options.peers && { python: await pythonOrSay() }),
  };
  const out =
    options.out ?? join(packageRoot(), options.quick ? join('runs', 'bench') : join('docs', 'results'));
  const results: Result[] = [];
  for (const name of names) {
    const { plan, effort } = CASES[name];
    const made = plan(programs, options.quick ? QUICK : effort, models);
    const result = await runWithProgress(made, programs);
    results.push(result);
    const files = await writeResult(out, result, made.charts);
    if (!options.json) print(markdownOf(result, []));
    note(`wrote ${files.map((file) => relative(process.cwd(), file)).join(', ')}`);
  }
  if (options.json) printJson(results);
  return conclude(results);
}

async function profile(models: readonly ModelName[], { json }: Options): Promise<number> {
  const profiles = [];
  for (const model of models) {
    note(`profiling ${model}`);
    profiles.push(await profileTraining(model));
    if (!json) print(`${profileMarkdown(profiles[profiles.length - 1])}\n`);
  }
  if (json) printJson(profiles);
  return 0;
}

function modelNamed(name: string): ModelName {
  if (isModelName(name)) return name;
  throw unknownChoice('models', name, listModels());
}

async function pythonOrSay(): Promise<string> {
  let said = 0;
  return pythonWithPeers((line) => {
    if (Date.now() - said < 5_000) return;
    said = Date.now();
    note(`installing the peers: ${line.slice(0, 100)}`);
  });
}

async function runWithProgress(plan: Plan, programs: Programs): Promise<Result> {
  const progress = startProgress(plan.name, turnsOf(plan), 'turns');
  let done = 0;
  try {
    return await runPlan(plan, programs, {
      onItem: ({ title }, what) => progress.update(done, { '': `${title}: ${what}` }),
      onTurn: () => progress.update(++done),
    });
  } finally {
    progress.stop();
  }
}

/** Says what was missed or failed; a missed figure is a finding, a failed contestant a failure. */
function conclude(results: readonly Result[]): number {
  for (const figure of results.flatMap(figuresOf)) {
    note(`${figure.met ? 'met' : 'missed'}: ${figure.what}: ${figure.measured} (wanted: ${figure.wanted})`);
  }
  const failures = results.flatMap(({ items }) =>
    items.flatMap(({ title, absent }) =>
      absent.filter(({ failed }) => failed).map((each) => ({ title, ...each })),
    ),
  );
  for (const { title, reason } of failures) note(`failed: ${title}: ${reason}`);
  return failures.length > 0 ? 1 : 0;
}

if (require.main === module) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  void main(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}
