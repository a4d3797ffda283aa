import type * as tf from '@tensorflow/tfjs';
import { check, invalidArgument } from './errors';
import { kindOf, type Kind } from './kind-of';

/**
 * Throws unless a function that needs the layers of a model was given a built LayersModel; the message says what came
 * instead, and what makes a model of that.
 *
 * @param where the function, as its caller knows it
 * @throws InvalidArgumentError
 *
 * @example
 * checkModel('inspectModel', graphModel); // model: expected a LayersModel for inspectModel, since a GraphModel has no layers …
 */
export function checkModel(where: string, model: unknown): asserts model is tf.LayersModel {
  if (kindOf(model) !== 'LayersModel') {
    throw invalidArgument('model', `a LayersModel for ${where}${modelInstead(model)}`, model);
  }
  const { inputs, name } = model as tf.LayersModel;
  check(inputs?.length > 0, 'model', 'a built model (give its first layer an inputShape)', name);
}

const MODEL_INSTEAD: Readonly<Partial<Record<Kind, string>>> = {
  GraphModel:
    ', since a GraphModel has no layers: load the model that it was converted from, by loadLayersModel, importOnnxFile or loadKerasFile',
  Graph: ': the one that lowerModel was given',
  Layer: ', as tf.sequential makes of layers',
  OptimizedModel: ': the one that optimizeForInference was given',
  Promise: ', which await makes of a promise of one',
  SymbolicTensor: ', as tf.model makes of inputs and outputs',
};

function modelInstead(value: unknown): string {
  if (typeof value === 'string') return ', as createModel makes of a name and loadLayersModel of a folder';
  const kind = kindOf(value);
  return (kind && MODEL_INSTEAD[kind]) ?? ', as createModel, loadLayersModel and tf.model make them';
}

/**
 * Throws unless a function that writes or runs a graph was given one.
 *
 * @param where the function, as its caller knows it
 * @throws InvalidArgumentError
 *
 * @example
 * checkGraph('toOnnx', model); // graph: expected a graph for toOnnx: foldBatchNorm(lowerModel(model)) makes one of a model. …
 */
export function checkGraph(where: string, graph: unknown): void {
  const kind = kindOf(graph);
  if (kind === 'Graph') return;
  const instead =
    kind === 'LayersModel'
      ? `: foldBatchNorm(lowerModel(model)) makes one of a model`
      : kind === 'Promise'
        ? ', which await makes of a promise of one'
        : ', as lowerModel makes it of a LayersModel';
  throw invalidArgument('graph', `a graph for ${where}${instead}`, graph);
}

/**
 * Throws unless an argument is a tensor.
 *
 * @throws InvalidArgumentError
 */
export function checkTensor(argument: string, value: unknown): asserts value is tf.Tensor {
  const kind = kindOf(value);
  if (kind === 'Tensor') return;
  const instead =
    kind === 'Promise'
      ? ', which await makes of a promise of one'
      : kind === 'SymbolicTensor'
        ? '; to a symbolic tensor a layer is applied'
        : Array.isArray(value) || ArrayBuffer.isView(value)
          ? ', which tf.tensor makes of numbers'
          : '';
  throw invalidArgument(argument, `a tensor${instead}`, value);
}

/**
 * Throws unless an argument is an image dataset; whether its arrays go together is for others to see.
 *
 * @throws InvalidArgumentError
 */
export function checkDatasetKind(argument: string, value: unknown): void {
  const kind = kindOf(value);
  // One that lacks a part is a dataset still, and is told which part.
  if (kind === 'ImageDataset' || (kind === undefined && hasPart(value))) return;
  const fields = 'images, labels, count, imageShape, classNames, mean and std';
  const makers = `an image dataset, as loadImageFolder and loadCifar10 load them, or an object with ${fields}`;
  const isPair = kind === undefined && hasDataset(value);
  const instead = isPair
    ? ': one of those in it'
    : kind === 'Promise'
      ? ', which await makes of a promise of one'
      : '';
  throw invalidArgument(argument, `${makers}${instead}`, isPair ? Object.keys(value as object) : value);
}

function hasPart(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return ['images', 'labels', 'imageShape', 'classNames'].some((part) => part in value);
}

/** Whether an object holds datasets, as what the loaders return does. */
function hasDataset(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((part) => kindOf(part) === 'ImageDataset');
}

/**
 * Throws unless an argument is text that is not empty, such as a path or a name.
 *
 * @param what what the text is, such as `the path of a .keras file`
 * @throws InvalidArgumentError
 */
export function checkText(argument: string, what: string, value: unknown): asserts value is string {
  check(typeof value === 'string' && value !== '', argument, what, value);
}

/**
 * Throws unless an argument is an object with certain fields, as the function that it should come from makes it.
 *
 * @param what what it is and what makes it
 * @throws InvalidArgumentError
 */
export function checkFields(argument: string, what: string, value: unknown, fields: readonly string[]): void {
  const isObject = typeof value === 'object' && value !== null;
  const has =
    isObject && fields.every((field) => (value as Readonly<Record<string, unknown>>)[field] !== undefined);
  check(has, argument, what, value);
}
