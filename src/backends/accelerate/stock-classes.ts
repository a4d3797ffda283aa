import * as tf from '@tensorflow/tfjs';

// tfjs-layers exports functions that make layers but few of the classes; the table by which it loads models has them.

type Class<T> = { readonly prototype: T };

/** The prototype of a class that tfjs-layers has registered under `className`. */
export function stockPrototype<T extends object>(className: string): T {
  const [stock] = tf.serialization.SerializationMap.getMap().classNameMap[className];
  return (stock as unknown as Class<T>).prototype;
}

/** A weight of a layer, as layers read and write it. */
export interface Weight {
  read(): tf.Tensor;
  write(value: tf.Tensor): unknown;
}

/** What a stock `BatchNormalization` layer is made of. */
export interface StockBatchNormalization extends tf.layers.Layer {
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly gamma?: Weight;
  readonly beta?: Weight;
  readonly movingMean: Weight;
  readonly movingVariance: Weight;
}

/** What a stock `LayerNormalization` layer is made of, once built. */
export interface StockLayerNormalization extends tf.layers.Layer {
  readonly axis: readonly number[];
  readonly epsilon: number;
  readonly gamma: Weight | null;
  readonly beta: Weight | null;
}

export interface StockDropout extends tf.layers.Layer {
  readonly rate: number;
  readonly seed?: number | string | null;
  getNoiseShape(input: tf.Tensor): number[] | undefined;
}

export interface StockReLU extends tf.layers.Layer {
  readonly maxValue?: number | null;
}

/** A node of a layers graph: one call of a layer. */
export interface LayerNode {
  readonly outboundLayer: tf.layers.Layer;
  readonly outputTensors: readonly tf.SymbolicTensor[];
}

/** The graph around a layer. */
export function nodesOf(layer: tf.layers.Layer): { inbound: LayerNode[]; outbound: LayerNode[] } {
  const { inboundNodes, outboundNodes } = layer as unknown as {
    inboundNodes: LayerNode[];
    outboundNodes: LayerNode[];
  };
  return { inbound: inboundNodes, outbound: outboundNodes };
}
