export { loadTfjsNode, tensorflowVersion } from './backends/tensorflow/load-tfjs-node';
export { installNodeShims } from './backends/tensorflow/node-shims';
export { useBackend } from './backends/use-backend-node';
export type { BackendChoice, BackendName } from './backends/use-backend-node';

export { batches } from './data/batches';
export type { Batch, BatchOptions } from './data/batches';
export type { Augmentation } from './data/augmentation';
export { loadCifar10 } from './data/cifar10';
export type { LoadCifar10Options } from './data/cifar10';
export { split, subset } from './data/image-dataset';
export type { ImageDataset, ImageSubset } from './data/image-dataset';
export { loadImageFolder } from './data/image-folder';
export type { ImageFolder, ImageFolderOptions } from './data/image-folder';
export type { LoadProgress } from './data/load-progress';

export { evaluate } from './train/evaluate';
export type { EvaluateOptions, Evaluation } from './train/evaluate';
export { DEFAULT_RECIPE } from './train/recipe';
export type { Recipe } from './train/recipe';
export { train } from './train/train';
export type { TrainData, TrainOptions, TrainResult } from './train/train';
export { loadRunWeights, readCheckpoint, readResult, readRunConfig } from './train/run-folder-node';
export type { CheckpointName } from './train/run-folder-node';
export type { RunConfig, RunResult } from './train/run-config';

export { modelDescription } from './export/model-description';
export type { ModelDescription } from './export/model-description';
export { loadLayersModel } from './export/load-layers-model-node';
export { toOnnx, toOnnxFiles } from './export/onnx';
export type { OnnxFilesOptions, OnnxOptions } from './export/onnx';
export { QUANTISED_DTYPES } from './export/quantise';
export type { QuantisedDtype } from './export/quantise';
export { toSavedModel } from './export/saved-model';
export { saveLayersModel } from './export/save-layers-model-node';

export { loadKerasFile } from './import/keras-file-node';
export { OnnxError } from './import/onnx-error';
export { importOnnx } from './import/onnx';
export type { ImportOnnxOptions } from './import/onnx';
export { importOnnxFile } from './import/onnx-node';
export { loadWeights } from './import/load-weights';
export { loadTorchWeights, saveTorchWeights } from './import/torch-weights-node';

export { ENGINE_NAMES } from './inference/engine';
export type { EngineName } from './inference/engine';
export { optimizeForInference } from './inference/optimize-for-inference-node';
export type { OptimizedModel, OptimizeOptions, Tried } from './inference/optimize-for-inference-node';

export { SafetensorsError } from './safetensors/tensor';
export { readSafetensors, writeSafetensors } from './safetensors/file-node';
