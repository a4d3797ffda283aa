export { type ModelInfo, type ModelName, isModelName, listModels, modelInfo } from './catalogue';
export { createModel } from './create-model';
export { type ImageShape } from './family';
export { type ModelOptions } from './model-options';
