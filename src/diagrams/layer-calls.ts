import type * as tf from '@tensorflow/tfjs';
import { type ImageShape, type ParamCount, inspectModel } from '../inspect/inspect-model';

/** One application of one layer. */
export interface LayerCall {
  readonly layer: tf.layers.Layer;
  /** Positions, in the list of all calls, of those whose outputs it reads. */
  readonly inputs: readonly number[];
  readonly outputShape: ImageShape;
  /** The layer's own weights, which count where it is applied first. */
  readonly params: ParamCount;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
}

const NO_PARAMS: ParamCount = { trainable: 0, nonTrainable: 0, total: 0 };

interface CallNode {
  readonly outboundLayer: tf.layers.Layer;
  readonly inputTensors: readonly tf.SymbolicTensor[];
  readonly outputTensors: readonly tf.SymbolicTensor[];
}

/**
 * Every application of every layer of a built model, each after those that it reads, with what {@link inspectModel} counts
 * of it. A nested model is one layer.
 */
export function layerCalls(model: tf.LayersModel): LayerCall[] {
  const report = inspectModel(model);
  const nodes: CallNode[] = Object.entries(model.nodesByDepth)
    .sort(([a], [b]) => Number(b) - Number(a))
    .flatMap(([, depth]) => depth);
  const positions = new Map<tf.SymbolicTensor, number>();
  nodes.forEach(({ outputTensors }, position) =>
    outputTensors.forEach((tensor) => positions.set(tensor, position)),
  );
  const seen = new Set<tf.layers.Layer>();
  return nodes.map(({ outboundLayer: layer, inputTensors, outputTensors }) => {
    const own = report.layers.filter(({ name }) => name === layer.name || name.startsWith(`${layer.name}/`));
    const calls = nodes.filter((node) => node.outboundLayer === layer).length;
    const params = seen.has(layer) ? NO_PARAMS : addedParams(own);
    seen.add(layer);
    const shapes = outputTensors.map(({ shape }) => shape.slice(1));
    return {
      layer,
      inputs: inputTensors.map((tensor) => positions.get(tensor) as number),
      outputShape: shapes.length === 1 ? shapes[0] : shapes,
      params,
      macs: own.reduce((sum, { macs }) => sum + macs, 0) / calls,
    };
  });
}

/** Counts added up. */
export function addedParams(counted: readonly { readonly params: ParamCount }[]): ParamCount {
  const sum = (key: keyof ParamCount) => counted.reduce((sofar, { params }) => sofar + params[key], 0);
  return { trainable: sum('trainable'), nonTrainable: sum('nonTrainable'), total: sum('total') };
}
