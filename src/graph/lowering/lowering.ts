import type * as tf from '@tensorflow/tfjs';
import { CardinalError } from '../../errors';
import type { Padding } from '../../ops/conv-spec';
import type { GraphNode, Operation, Shape, Weight } from '../graph';

/** A value of the graph under construction. */
export interface Value {
  readonly name: string;
  readonly shape: Shape;
}

/** Adds nodes for one application of one layer. */
export class LayerScope {
  private count = 0;

  /**
   * @param layer whose options and weights are read
   * @param name unique in the graph
   */
  constructor(
    readonly layer: tf.layers.Layer,
    readonly name: string,
    private readonly append: (node: GraphNode) => void,
  ) {}

  /** A scope of a part of the layer, which adds its nodes under `layer/part`. */
  part(layer: tf.layers.Layer, part: string): LayerScope {
    return new LayerScope(layer, `${this.name}/${part}`, this.append);
  }

  /** Adds a node and returns its value. */
  add(operation: Operation, inputs: readonly Value[], shape: Shape): Value {
    // Most layers are one node, which then has the layer's name.
    const name = this.count++ === 0 ? this.name : `${this.name}:${this.count}`;
    this.append({ ...operation, name, inputs: inputs.map((value) => value.name), shape });
    return { name, shape };
  }

  /** An option of the layer as its saved form has it. */
  option<T>(name: string): T {
    return this.layer.getConfig()[name] as T;
  }

  /** A weight by the end of its name, `kernel` or `fc1/kernel`; `undefined` where the layer has none of that name. */
  weight(name: string): Weight | undefined {
    const found = this.layer.weights.find(
      ({ originalName }) => originalName === name || originalName.endsWith(`/${name}`),
    );
    if (found === undefined) return undefined;
    const tensor = found.read();
    return { shape: tensor.shape.slice(), data: Float32Array.from(tensor.dataSync()) };
  }

  /** A weight that the layer must have. */
  requiredWeight(name: string): Weight {
    const weight = this.weight(name);
    if (weight === undefined) throw new CardinalError(`layer ${this.name} has no weight '${name}'`);
    return weight;
  }

  /** The error for an option that no graph has an operation for. */
  cannot(what: string): CardinalError {
    return new CardinalError(`layer ${this.name} (${this.layer.getClassName()}) cannot be lowered: ${what}`);
  }
}

/** How a class of layers becomes nodes: what it is given, and the values that it puts out. */
export type Lowering = (scope: LayerScope, inputs: readonly Value[]) => Value | Value[];

/** Lowerings by the class name under which the layer is saved. */
export type Lowerings = Readonly<Record<string, Lowering>>;

/** Images, or the error that says where something else came. */
export function imageShape(
  scope: LayerScope,
  { shape }: Value,
): [height: number, width: number, channels: number] {
  const [, ...lengths] = shape;
  if (lengths.length !== 3) throw scope.cannot(`its input is of rank ${shape.length}, no batch of images`);
  return lengths as [number, number, number];
}

/** Refuses a layer that puts out images without a pixel, of which nothing can be computed. */
export function requirePixels(
  scope: LayerScope,
  { shape: [, height, width] }: Value,
  [, ...made]: Shape,
): void {
  if (made[0] < 1 || made[1] < 1) throw scope.cannot(`it leaves nothing of ${height} x ${width} pixels`);
}

/** How a stock convolution or pool fills its borders: any other word is `valid` to tfjs. Our convolution has more ways. */
export function paddingOf(scope: LayerScope): Padding {
  const padding = scope.option<Padding>('padding');
  return typeof padding === 'string' && padding !== 'same' ? 'valid' : padding;
}

/** Refuses layers whose channels come first, which no graph has. */
export function requireChannelsLast(scope: LayerScope): void {
  if (scope.option('dataFormat') === 'channelsFirst') throw scope.cannot('its channels come first');
}
