// Nothing here or in the family files loads TensorFlow.js, so that a list of models is had at once.
import { CardinalError, check, unknownChoice } from '../src/errors';
import { FAMILIES } from './families';
import { type Family, type ImageShape, type ModelSource, type VariantOptions } from './family';
import { globToRegExp } from './glob';
import { type Preprocessing, preprocessing, sourceOf } from './preprocessing';
import { ZOO_FIGURES } from './zoo-figures';

type NameOf<F> = F extends Family<infer Name> ? Name : never;

/** The name of a model of the zoo. */
export type ModelName = NameOf<(typeof FAMILIES)[number]>;

/** What is known of a model without building it, at its own input shape and number of classes. */
export interface ModelInfo extends Preprocessing {
  readonly name: ModelName;
  /** The family's name, such as `MobileNet V1`. */
  readonly family: string;
  readonly paper: string;
  /** Whose definition it follows, to the parameter. */
  readonly source: ModelSource;
  readonly inputShape: ImageShape;
  readonly numClasses: number;
  /** Batch norm's moving statistics are in `nonTrainable`; torchvision's counts leave them out. */
  readonly params: { readonly trainable: number; readonly nonTrainable: number; readonly total: number };
  /** Multiply-accumulates of the convolutions and the linear layer for one image. */
  readonly macs: number;
  /** Elements that those put out for one image. */
  readonly activations: number;
  /** The model that is this network with one group. */
  readonly denseTwin?: ModelName;
}

/** One output of a model with `features: true`. */
export interface FeatureInfo {
  /** The PyTorch module that puts it out. */
  readonly module: string;
  readonly channels: number;
  /** Pixels of the image for one of the output, in each direction. */
  readonly stride: number;
}

/** A row of the committed table. Features are `[module, channels, stride]`, and absent where none are marked. */
interface Figures {
  readonly trainable: number;
  readonly nonTrainable: number;
  readonly macs: number;
  readonly activations: number;
  readonly features?: readonly (readonly [module: string, channels: number, stride: number])[];
}

/**
 * The names of all models, or of those that match: a glob with `*`, `?` and `[…]`, or a part of the name.
 *
 * @example
 * listModels('resnext29_*4d'); // ['resnext29_8x4d', 'resnext29_16x64d', …]
 */
export function listModels(pattern = '*'): ModelName[] {
  check(typeof pattern === 'string', 'pattern', 'a glob or a part of a name', pattern);
  const matcher = globToRegExp(pattern);
  const names = FAMILIES.flatMap((family) => Object.keys(family.variants) as ModelName[]);
  const collator = new Intl.Collator('en', { numeric: true });
  return names.filter((name) => matcher.test(name)).sort(collator.compare);
}

/**
 * What a model is and costs, from the committed table: parameters, multiply-accumulates, input shape and paper; and what
 * its weights expect of an image: mean, standard deviation, crop.
 *
 * @throws InvalidArgumentError for an unknown name
 *
 * @example
 * modelInfo('resnext29_8x64d').params.trainable; // 34426698
 */
export function modelInfo(name: ModelName): ModelInfo {
  const { title, paper, variants } = familyOf(name);
  const variant = variants[name];
  const { inputShape, numClasses, denseTwin } = variant;
  const { trainable, nonTrainable, macs, activations } = figuresOf(name);
  return {
    name,
    family: title,
    paper,
    source: sourceOf(variant),
    inputShape,
    numClasses,
    params: { trainable, nonTrainable, total: trainable + nonTrainable },
    macs,
    activations,
    ...preprocessing(variant),
    ...(denseTwin !== undefined && { denseTwin: denseTwin as ModelName }),
  };
}

/** What the committed table says of a model's features. */
export function listedFeatures(name: ModelName): FeatureInfo[] {
  const { features = [] } = figuresOf(name);
  return features.map(([module, channels, stride]) => ({ module, channels, stride }));
}

/** Whether a text names a model, for names that come from outside the program. */
export function isModelName(name: string): name is ModelName {
  return FAMILIES.some((family) => Object.hasOwn(family.variants, name));
}

/** The family that a model belongs to; throws the error for an unknown name. */
export function familyOf(name: ModelName): Family {
  const family = FAMILIES.find(({ variants }) => Object.hasOwn(variants, name));
  if (family === undefined) throw unknownChoice('model', name, listModels());
  return family;
}

/** The models that have something to choose, family by family. */
export function modelsThatTake(option: keyof VariantOptions | 'padType'): string[] {
  const takers = FAMILIES.filter(({ takes, takesPadType }) =>
    option === 'padType' ? takesPadType : takes.includes(option),
  );
  return takers.flatMap(({ variants }) => Object.keys(variants));
}

// Not by its own type, in which a family that has just been written is not before the generator has run.
const FIGURES: Readonly<Partial<Record<string, Figures>>> = ZOO_FIGURES;

function figuresOf(name: ModelName): Figures {
  const figures = FIGURES[name];
  if (figures === undefined)
    throw new CardinalError(`${name} has no figures yet: run scripts/generate-zoo.ts`);
  return figures;
}
