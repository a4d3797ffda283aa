import { z } from 'zod';

import { PRECISIONS } from '../backends/step-compiler';
import { PAD_MODES } from '../data/augmentation';
import { DEFAULT_RECIPE, OPTIMIZERS, SCHEDULES } from './recipe';
import { TEST_TIME_AUGMENTATIONS } from './test-time-views';

const count = z.number().int().nonnegative();

/** Runs from before an option was there have its default. */
export const recipeSchema = z.object({
  epochs: count,
  batchSize: count,
  optimizer: z.enum(OPTIMIZERS),
  learningRate: z.number(),
  momentum: z.number(),
  weightDecay: z.number(),
  normBiasScale: z.number().default(DEFAULT_RECIPE.normBiasScale),
  schedule: z.enum(SCHEDULES),
  warmupEpochs: z.number(),
  labelSmoothing: z.number(),
  mixup: z.number(),
  ema: z.number(),
  lookahead: count.default(DEFAULT_RECIPE.lookahead),
  whiten: z.boolean().default(DEFAULT_RECIPE.whiten),
  padCrop: count,
  padMode: z.enum(PAD_MODES).default(DEFAULT_RECIPE.padMode),
  flip: z.union([z.boolean(), z.literal('alternating')]),
  cutout: count,
  testTimeAugmentation: z.enum(TEST_TIME_AUGMENTATIONS).default(DEFAULT_RECIPE.testTimeAugmentation),
  precision: z.enum(PRECISIONS).default(DEFAULT_RECIPE.precision),
  seed: count,
});

/** What `config.json` of a run folder holds: enough to build the model and the data again. */
export const runConfigSchema = z.object({
  model: z.object({
    name: z.string(),
    /** Options of `createModel`, defaults filled in. */
    options: z.object({
      numClasses: count,
      inputShape: z.tuple([count, count, count]),
      seed: count,
      dropRate: z.number(),
      implementation: z.string(),
      /** Without them, the model's own. */
      groups: count.optional(),
      width: count.optional(),
      padType: z.enum(['symmetric', 'same']).optional(),
      normEpsilon: z.number().optional(),
    }),
    /** Where the weights that the run starts from are, if they are trained ones. */
    weights: z.string().optional(),
    /** The module up to which layers are frozen. */
    freeze: z.string().optional(),
  }),
  data: z.object({
    name: z.enum(['cifar10', 'image-folder']),
    /** The user's own copy of the data, where there is one; the folder of an image folder. */
    source: z.string().optional(),
    /** How the images of an image folder are read; only there. */
    images: z
      .object({
        classNames: z.array(z.string()),
        mean: z.array(z.number()),
        std: z.array(z.number()),
        resize: count,
        size: count,
        interpolation: z.enum(['bilinear', 'bicubic']),
        validationShare: z.number(),
        seed: count,
      })
      .optional(),
    /** Training images, class-balanced; without it, all that are not held out. */
    subset: count.optional(),
    /** Training images held out to choose the best epoch. */
    validation: count,
  }),
  recipe: recipeSchema,
  /** What the run was computed on. */
  backend: z.string(),
  versions: z.record(z.string(), z.string()),
});

export type RunConfig = z.infer<typeof runConfigSchema>;

/** What `result.json` of a run folder holds, written once the run is over. */
export const runResultSchema = z.object({
  model: z.string(),
  /** Share of all test images that are classified rightly, from 0 to 1, by the best checkpoint and the recipe's views. */
  testAccuracy: z.number(),
  /** The same by one view of each image, where the recipe has several. */
  singleViewAccuracy: z.number().optional(),
  testLoss: z.number(),
  testImages: count,
  /** Which images those were, such as `cifar10/test`; those of validation where a folder has no others. */
  testData: z.string().optional(),
  testImagesPerSecond: z.number(),
  /** By class name; `null` for a class without test images. */
  classAccuracy: z.record(z.string(), z.number().nullable()),
  /** `[true class][predicted class]`, numbers of test images. */
  confusion: z.array(z.array(count)),
  epochs: count,
  bestEpoch: count,
  validationAccuracy: z.number().optional(),
  trainImages: count,
  /** The median over the epochs, the first left out where there are others. */
  trainImagesPerSecond: z.number(),
  /** Seconds of training, data loading, validation and test left out. */
  trainSeconds: z.number(),
  parameters: z.object({ trainable: count, nonTrainable: count, total: count }),
  backend: z.string(),
});

export type RunResult = z.infer<typeof runResultSchema>;
