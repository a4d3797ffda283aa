export {
  type FeatureInfo,
  type ModelInfo,
  type ModelName,
  isModelName,
  listModels,
  modelInfo,
} from './catalogue';
export { type PretrainedOptions, type WeightSource, createModel } from './create-model';
export { type Crop, type ImageShape, type Interpolation, type ModelSource } from './family';
export { featureInfo } from './features';
export { freeze, unfreeze } from './freeze';
export { type ModelOptions } from './model-options';
export { type Preprocessing } from './preprocessing';
export { resetClassifier } from './reset-classifier';
