import * as tf from '@tensorflow/tfjs';
import { checkModel } from '../check-kinds';
import { invalidArgument } from '../errors';
import { isLayersModel, isSequential } from '../kind-of';
import { type LayerShapes, layerCost } from './layer-macs';

/** Weights counted by element. Batch norm's moving statistics are in `nonTrainable`, as are frozen weights. */
export interface ParamCount {
  readonly trainable: number;
  readonly nonTrainable: number;
  readonly total: number;
}

/** One layer of a {@link ModelReport}. */
export interface LayerReport {
  /** The layer's name; a layer of a nested model has that model's name before it, as in `backbone/conv1`. */
  readonly name: string;
  readonly className: string;
  /** The shape of the output for one image; a list of shapes where there are several outputs. */
  readonly outputShape: ImageShape;
  readonly params: ParamCount;
  readonly macs: number;
  readonly activations: number;
}

/** What a built model is made of and what one image costs it. */
export interface ModelReport {
  readonly name: string;
  /** The shape of one image, without the batch; a list of shapes where there are several inputs. */
  readonly inputShape: ImageShape;
  readonly params: ParamCount;
  /** Multiply-accumulates of the convolutions and matrix products for one image; biases and norms count none. */
  readonly macs: number;
  /** Elements that the convolutions and matrix products put out for one image. */
  readonly activations: number;
  /** Every layer but the inputs, in the order of the forward pass. */
  readonly layers: readonly LayerReport[];
  /** Layers with weights whose multiply-accumulates cannot be told: recurrent ones, other people's. They count 0. */
  readonly uncounted: readonly string[];
}

/** A shape without its batch axis, or several. */
export type ImageShape = readonly (number | null)[] | readonly (readonly (number | null)[])[];

/**
 * Parameters, multiply-accumulates and activations of any built model, layer by layer and in all.
 *
 * Everything is read off the built weights and the shapes in the graph, so it holds for stock layers, for layers
 * that are applied twice and for nested models too.
 *
 * @throws InvalidArgumentError where the model is not built, or has a convolution whose input size is not fixed
 *
 * @example
 * const { params, macs } = inspectModel(createModel('resnext29_8x64d'));
 * params.trainable; // 34426698
 * macs; // 5387266048
 */
export function inspectModel(model: tf.LayersModel): ModelReport {
  checkModel('inspectModel', model);
  const { layers, uncounted } = inspectLayers(model, '');
  return {
    name: model.name,
    inputShape: single(model.inputs.map((input) => input.shape.slice(1))),
    params: countParams(model.trainableWeights, model.nonTrainableWeights),
    macs: sum(layers.map((layer) => layer.macs)),
    activations: sum(layers.map((layer) => layer.activations)),
    layers,
    uncounted,
  };
}

function inspectLayers(model: tf.LayersModel, prefix: string): Pick<ModelReport, 'layers' | 'uncounted'> {
  // A sequential model puts its graph together when it is first used.
  if (isSequential(model) && !model.built) model.build();
  const layers: LayerReport[] = [];
  const uncounted: string[] = [];
  for (const layer of model.layers) {
    const name = prefix + layer.name;
    const places = placesOf(layer, model);
    if (isLayersModel(layer)) {
      const inner = inspectLayers(layer, `${name}/`);
      layers.push(...inner.layers.map((report) => repeated(report, places.length)));
      uncounted.push(...inner.uncounted);
    } else if (layer.getClassName() !== 'InputLayer') {
      const costs = places.map((shapes) => layerCost(layer, shapes));
      if (costs.includes(undefined)) uncounted.push(name);
      const report = {
        name,
        className: layer.getClassName(),
        outputShape: single(places[0].outputs.map((shape) => shape.slice(1))),
        params: countParams(layer.trainableWeights, layer.nonTrainableWeights),
        macs: sum(costs.map((cost) => cost?.macs ?? 0)),
        activations: sum(costs.map((cost) => cost?.activations ?? 0)),
      };
      if (Number.isNaN(report.macs)) {
        throw invalidArgument(
          'model',
          `a fixed input size, which ${name} needs to be counted`,
          model.inputs[0].shape,
        );
      }
      layers.push(report);
    }
  }
  return { layers, uncounted };
}

/** A model that is applied several times computes several times, while its weights are there once. */
function repeated(report: LayerReport, times: number): LayerReport {
  return { ...report, macs: report.macs * times, activations: report.activations * times };
}

/** The shapes of every place where `model` applies `layer`. A layer can be in other models too: those do not count. */
function placesOf(
  layer: tf.layers.Layer,
  model: tf.LayersModel,
): (LayerShapes & { outputs: (number | null)[][] })[] {
  return Object.values(model.nodesByDepth)
    .flat()
    .filter((node) => node.outboundLayer === layer)
    .map((node) => ({
      input: node.inputTensors[0]?.shape ?? [],
      output: node.outputTensors[0].shape,
      outputs: node.outputTensors.map((tensor) => tensor.shape),
    }));
}

function countParams(
  trainableWeights: readonly tf.LayerVariable[],
  nonTrainableWeights: readonly tf.LayerVariable[],
): ParamCount {
  const trainable = elements(trainableWeights);
  const nonTrainable = elements(nonTrainableWeights);
  return { trainable, nonTrainable, total: trainable + nonTrainable };
}

function elements(weights: readonly tf.LayerVariable[]): number {
  return sum([...new Set(weights)].map((weight) => tf.util.sizeFromShape(weight.shape as number[])));
}

function single<T>(shapes: readonly T[]): T | readonly T[] {
  return shapes.length === 1 ? shapes[0] : shapes;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((sofar, count) => sofar + count, 0);
}
