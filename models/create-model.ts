import * as tf from '@tensorflow/tfjs';
import { checkOptions, type OptionNames } from '../src/check-options';
import { CardinalError, check, invalidArgument } from '../src/errors';
import { type LoadWeightsOptions, loadWeights } from '../src/import/load-weights';
import { type ModelName, familyOf, modelsThatTake } from './catalogue';
import { type Family, type VariantOptions } from './family';
import { type StageOutput, rememberFeatures, stageOutputs } from './features';
import { removeLayer } from '../src/layers/layer-graph';
import { ModelBuilder } from './model-builder';
import { MODEL_OPTIONS, type ModelOptions, type ResolvedOptions, resolveOptions } from './model-options';
import { classifierName, resetClassifier } from './reset-classifier';

/** Where trained weights come from: what {@link loadWeights} takes. */
export type WeightSource = Parameters<typeof loadWeights>[1];

/** Options of a model that begins with trained weights. */
export interface PretrainedOptions
  extends Omit<ModelOptions, 'initialise'>, Pick<LoadWeightsOptions, 'onProgress'> {
  /**
   * Tensors under PyTorch's names: the path of a safetensors file, an http(s) URL, `hf:OWNER/REPO` on the Hugging Face hub,
   * or the bytes of such a file. Where `numClasses` is given and the source has another number of classes, or no classifier,
   * the classifier is a fresh one; all else must fit.
   */
  weights: WeightSource;
}

const OPTIONS: OptionNames<ModelOptions & PretrainedOptions> = {
  ...MODEL_OPTIONS,
  weights: true,
  onProgress: true,
};

/**
 * A model of the zoo. It takes images `[batch, height, width, channels]`, normalised, and puts out logits
 * `[batch, numClasses]`, without softmax, or with `features: true` the stages of its backbone. Layers carry the names of
 * PyTorch's modules (`layer1.0.conv2`).
 *
 * Its weights are fresh, and the model is there at once; with `weights` they are loaded, and a promise of it is returned.
 *
 * @throws InvalidArgumentError for an unknown name (it suggests the nearest) or an option out of range
 * @throws CardinalError if the weights cannot be read or do not fit
 *
 * @example
 * const fresh = createModel('resnext29_8x4d', { numClasses: 100, seed: 1 });
 * fresh.outputs[0].shape; // [null, 100]
 * const cardinality16 = createModel('resnext_toy', { groups: 16, width: 48 });
 * const trained = await createModel('resnet18', { weights: 'hf:timm/resnet18.tv_in1k', numClasses: 5 });
 */
export function createModel(name: ModelName, options: PretrainedOptions): Promise<tf.LayersModel>;
export function createModel(name: ModelName, options?: ModelOptions): tf.LayersModel;
export function createModel(
  name: ModelName,
  options: ModelOptions | PretrainedOptions = {},
): tf.LayersModel | Promise<tf.LayersModel> {
  const family = familyOf(name);
  checkOptions('createModel', options, OPTIONS);
  // Options are often put together from what may be there.
  return 'weights' in options && options.weights !== undefined
    ? buildPretrained(family, name, options)
    : buildModel(family, name, options);
}

/** A variant of a family, built. Options are checked before anything is. */
export function buildModel<Name extends string>(
  family: Family<Name>,
  name: Name,
  options: ModelOptions = {},
): tf.LayersModel {
  const { model, stages } = buildWhole(family, name, options);
  return options.features === true ? backbone(model, stages) : model;
}

/** A variant of a family with trained weights. */
export async function buildPretrained<Name extends string>(
  family: Family<Name>,
  name: Name,
  { weights, onProgress, ...options }: PretrainedOptions,
): Promise<tf.LayersModel> {
  // Every weight is about to be set, whatever of the model is kept.
  const whole = buildWhole(family, name, { ...options, initialise: false });
  const { stages } = whole;
  let { model } = whole;
  try {
    const hasNewHead = options.numClasses !== undefined || options.features === true;
    const fits = await loadAllBut(model, hasNewHead ? classifierName(model) : undefined, weights, onProgress);
    const numClasses = model.outputs[0].shape.at(-1) as number;
    if (!fits && options.features !== true)
      model = resetClassifier(model, numClasses, { seed: options.seed });
    return options.features === true ? backbone(model, stages) : model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/**
 * Loads weights of which those of one module need not fit.
 *
 * @returns whether they did
 */
async function loadAllBut(
  model: tf.LayersModel,
  head: string | undefined,
  weights: WeightSource,
  onProgress: PretrainedOptions['onProgress'],
): Promise<boolean> {
  if (head === undefined) {
    await loadStrictly(model, weights, onProgress);
    return true;
  }
  const report = await loadWeights(model, weights, { strict: false, onProgress });
  const { missing, unexpected, mismatched } = report;
  const misfits = [...missing, ...unexpected, ...mismatched.map(({ name }) => name)];
  if (misfits.some((name) => !name.startsWith(`${head}.`))) {
    // It did not fit apart from the head: the strict call words that best.
    await loadStrictly(model, weights);
    throw new CardinalError(`the weights of ${model.name} changed while they were read`);
  }
  return misfits.length === 0;
}

/** Loads weights that must all fit; `createModel` itself has no `strict` to offer. */
async function loadStrictly(
  model: tf.LayersModel,
  weights: WeightSource,
  onProgress?: PretrainedOptions['onProgress'],
): Promise<void> {
  try {
    await loadWeights(model, weights, { strict: true, onProgress });
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replace(/strict: false/, 'loadWeights with $&');
    throw error;
  }
}

interface Whole {
  readonly model: tf.LayersModel;
  readonly stages: readonly StageOutput[];
}

function buildWhole<Name extends string>(family: Family<Name>, name: Name, options: ModelOptions): Whole {
  const variant = family.variants[name];
  const resolved = resolveOptions(options, variant);
  const builder = new ModelBuilder(resolved);
  if (resolved.padType !== 'symmetric' && !family.takesPadType) {
    throw noSuchChoice('padType', family, name, resolved.padType);
  }
  const chosen = chosenOf(family, name, options);
  const before = new Set(Object.keys(tf.engine().registeredVariables));
  let model: tf.LayersModel;
  try {
    model = tf.model({ name, inputs: builder.image, outputs: family.build(builder, name, chosen) });
  } catch (error) {
    for (const [id, variable] of Object.entries(tf.engine().registeredVariables)) {
      if (!before.has(id)) variable.dispose();
    }
    throw error instanceof RangeError ? tooLarge(name, resolved, chosen, error) : error;
  }
  if (options.normEpsilon !== undefined && !builder.hasNorms) {
    model.dispose();
    throw invalidArgument('normEpsilon', `none for ${name}, which has no batch norm`, options.normEpsilon);
  }
  const stages = stageOutputs(builder.features, variant);
  rememberFeatures(
    model,
    stages.map(({ info }) => info),
  );
  return { model, stages };
}

/** The error for a layer that no memory holds. */
function tooLarge(
  name: string,
  { numClasses, inputShape }: ResolvedOptions,
  chosen: VariantOptions,
  cause: RangeError,
): Error {
  const given = { numClasses, inputShape, ...chosen };
  const largest = Object.entries(given).sort(
    ([, a], [, b]) => Math.max(...[b].flat()) - Math.max(...[a].flat()),
  );
  const [[option, value]] = largest;
  const error = invalidArgument(
    option,
    `less for ${name}, of which a layer would be too large for memory`,
    value,
  );
  return Object.assign(error, { cause });
}

/** What was asked of a variant that its family lets be chosen. */
function chosenOf(family: Family, name: string, { groups, width }: VariantOptions): VariantOptions {
  const chosen: Partial<Record<keyof VariantOptions, number>> = {};
  for (const [option, value] of Object.entries({ groups, width }) as [keyof VariantOptions, unknown][]) {
    if (value === undefined) continue;
    if (!family.takes.includes(option)) {
      throw noSuchChoice(option, family, name, value);
    }
    check(
      Number.isSafeInteger(value) && (value as number) >= 1,
      option,
      'a whole number of at least 1',
      value,
    );
    chosen[option] = value as number;
  }
  return chosen;
}

function noSuchChoice(
  option: Parameters<typeof modelsThatTake>[0],
  family: Family,
  name: string,
  value: unknown,
): Error {
  const takers = modelsThatTake(option).join(', ');
  const expectation = `none for ${name}, as ${family.title} has no such choice; these models have: ${takers}`;
  return invalidArgument(option, expectation, value);
}

/** The model up to its stages; the layers that none of them needs are freed. */
function backbone(model: tf.LayersModel, stages: readonly StageOutput[]): tf.LayersModel {
  if (stages.length === 0) {
    model.dispose();
    throw invalidArgument('features', `false for ${model.name}, which marks no stages`, true);
  }
  const outputs = stages.map(({ output }) => output);
  const cut = tf.model({ name: model.name, inputs: model.inputs, outputs });
  const needed = new Set(cut.layers);
  for (const layer of model.layers) if (!needed.has(layer)) removeLayer(layer);
  rememberFeatures(
    cut,
    stages.map(({ info }) => info),
  );
  return cut;
}
