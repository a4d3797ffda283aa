import type * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

import { check } from '../errors';
import { kindOf } from '../kind-of';

/** What a program must know to use an exported model, besides its graph and weights. JSON-safe. */
export interface ModelDescription {
  /** The name in the zoo, such as `resnext_toy`. */
  readonly model: string;
  /** What the numbers put out are: scores before a softmax. */
  readonly output: 'logits';
  /** How an image becomes input; absent where nobody has trained the model on any. */
  readonly input?: {
    readonly layout: 'NHWC';
    /** `[height, width, channels]`. */
    readonly shape: readonly number[];
    /** Pixels are scaled to [0, 1], less `mean`, divided by `std`, channel by channel. */
    readonly mean: readonly number[];
    readonly std: readonly number[];
  };
  /** The class of each logit; absent where nobody has trained the model. */
  readonly classNames?: readonly string[];
  /** Where the weights are from. */
  readonly weights:
    | { readonly kind: 'initial'; readonly seed: number }
    /** Trained elsewhere: `source` is the path, URL or `hf:` name that they came from. */
    | { readonly kind: 'imported'; readonly source: string }
    | {
        readonly kind: 'trained';
        readonly data: string;
        readonly checkpoint: string;
        readonly epochs: number;
        /** Whether they are the moving average that the run kept. */
        readonly averaged: boolean;
      };
}

/** The entry of a model's user-defined metadata that holds its description. */
export const DESCRIPTION_KEY = 'tfjs-cardinal';

const descriptionSchema: z.ZodType<ModelDescription> = z.object({
  model: z.string(),
  output: z.literal('logits'),
  input: z
    .object({
      layout: z.literal('NHWC'),
      shape: z.array(z.number()),
      mean: z.array(z.number()),
      std: z.array(z.number()),
    })
    .optional(),
  classNames: z.array(z.string()).optional(),
  weights: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('initial'), seed: z.number() }),
    z.object({ kind: z.literal('imported'), source: z.string() }),
    z.object({
      kind: z.literal('trained'),
      data: z.string(),
      checkpoint: z.string(),
      epochs: z.number(),
      averaged: z.boolean(),
    }),
  ]),
});

/**
 * The description that an exported model carries, however it was loaded; `undefined` for a model without one.
 *
 * @example
 * const model = await tf.loadLayersModel('https://example.org/resnext_toy/model.json');
 * modelDescription(model)?.classNames?.[0]; // 'airplane'
 */
export function modelDescription(model: tf.LayersModel | tf.GraphModel): ModelDescription | undefined {
  const kind = kindOf(model);
  const isModel = kind === 'LayersModel' || kind === 'GraphModel';
  check(isModel, 'model', 'a LayersModel or a GraphModel, as an export is loaded', model);
  const metadata = 'metadata' in model ? model.metadata : model.getUserDefinedMetadata();
  return descriptionSchema.safeParse((metadata as Record<string, unknown> | undefined)?.[DESCRIPTION_KEY])
    .data;
}
