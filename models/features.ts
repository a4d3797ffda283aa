import type * as tf from '@tensorflow/tfjs';
import { checkModel } from '../src/check-kinds';
import { type FeatureInfo, type ModelName, familyOf, isModelName, listedFeatures } from './catalogue';
import { type VariantDefaults } from './family';
import { type Feature } from './model-builder';
import { isForSmallImages } from './preprocessing';
import { invalidArgument } from '../src/errors';

/** A stage's output that a model with `features: true` puts out, and what is known of it. */
export interface StageOutput {
  readonly info: FeatureInfo;
  readonly output: tf.SymbolicTensor;
}

const known = new WeakMap<tf.LayersModel, readonly FeatureInfo[]>();

/**
 * The outputs of a model with `features: true`, in their order: the deepest stage at each stride, from stride 2 on, and
 * from stride 1 on for models of 32x32 images. Empty for a family that marks no stages. Works without building the model.
 *
 * @param model a name, or a model that {@link createModel} built, with features or without
 * @throws InvalidArgumentError for an unknown name, or a model that is not of the zoo
 *
 * @example
 * featureInfo('resnet18').at(-1); // { module: 'layer4', channels: 512, stride: 32 }
 */
export function featureInfo(model: ModelName | tf.LayersModel): readonly FeatureInfo[] {
  if (typeof model === 'string') {
    familyOf(model);
    return listedFeatures(model);
  }
  checkModel('featureInfo', model);
  const info = rememberedFeatures(model);
  if (info !== undefined) return info;
  // One that was saved and loaded keeps its name, but the table does not know its width.
  if (isModelName(model.name)) {
    return listedFeatures(model.name).map((info) => ({ ...info, channels: channelsOf(model, info) }));
  }
  throw invalidArgument('model', 'a model of the zoo, or its name', model.name);
}

/** The channels that a module of the model puts out: those of the last of its layers. */
function channelsOf({ layers }: tf.LayersModel, { module, channels }: FeatureInfo): number {
  const own = layers.filter(({ name }) => name === module || name.startsWith(`${module}.`));
  return (own.at(-1)?.outputShape.at(-1) ?? channels) as number;
}

/** Keeps what {@link featureInfo} says of a model. */
export function rememberFeatures(model: tf.LayersModel, info: readonly FeatureInfo[]): void {
  known.set(model, info);
}

/** What was kept of a model that was built here. */
export function rememberedFeatures(model: tf.LayersModel): readonly FeatureInfo[] | undefined {
  return known.get(model);
}

/** Of the stages that a family marked, the deepest at each stride; ascending. */
export function stageOutputs(marked: readonly Feature[], variant: VariantDefaults): StageOutput[] {
  const least = isForSmallImages(variant) ? 1 : 2;
  const deepest = new Map<number, StageOutput>();
  for (const { module, output } of marked) {
    const stride = strideOf(output);
    if (stride < least) continue;
    const info = { module, channels: output.shape[3] as number, stride };
    deepest.set(stride, { info, output });
  }
  return [...deepest.values()].sort((a, b) => a.info.stride - b.info.stride);
}

/** Pixels of the image for one pixel of `x`, by the layers on the way: small images may not divide by it. */
function strideOf(x: tf.SymbolicTensor): number {
  let stride = 1;
  // Where paths meet again their strides agree, so that any of them will do.
  for (let tensor = x; tensor.inputs.length > 0; tensor = tensor.inputs[0]) {
    const { strides = 1 } = tensor.sourceLayer as { strides?: number | number[] };
    stride *= Array.isArray(strides) ? strides[0] : strides;
  }
  return stride;
}
