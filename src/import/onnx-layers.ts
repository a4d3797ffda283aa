import * as tf from '@tensorflow/tfjs';
import { ChannelShuffle } from '../layers/channel-shuffle';
import { OnnxError } from './onnx-error';
import { clean } from './onnx-names';
import { arranged, movesTo, type Move, type View } from './onnx-view';

/** What a node puts out: a tensor of ours, and how the file sees it. */
export interface Value {
  readonly x: tf.SymbolicTensor;
  readonly view: View;
  /** Whether it cannot be below 0, so that zeros around it are no more than nothing to a maximum. */
  readonly isNeverNegative: boolean;
}

/** Values of a weight in our layout. */
export interface WeightValues {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The weights of a layer by their own names, such as `kernel`. */
export type LayerWeights = Readonly<Record<string, WeightValues>>;

/** The layers of a model in the making, each under a name that no other has. */
export class OnnxLayers {
  private readonly names = new Set<string>();
  private readonly layers: tf.layers.Layer[] = [];
  private readonly weights = new Map<tf.layers.Layer, LayerWeights>();
  private readonly shared = new Map<string, tf.layers.Layer>();
  private readonly arrangements = new Map<Value, Map<string, Value>>();
  private readonly cleaned = new Map<string, string>();

  /** The name as one that layers can have, with a number after it where it is taken. */
  unique(wanted: string): string {
    const fitting = clean(wanted);
    let name = fitting;
    for (let count = 1; this.names.has(name); count++) name = `${fitting}_${count}`;
    this.names.add(name);
    if (fitting !== wanted) this.cleaned.set(name, wanted);
    return name;
  }

  /** What the file has for the names of layers with weights that could not stay as they were. */
  originalNames(): ReadonlyMap<string, string> {
    const own = [...this.weights.keys()].flatMap(({ name }) => {
      const original = this.cleaned.get(name);
      return original === undefined ? [] : [[name, original] as const];
    });
    return new Map(own);
  }

  apply(
    layer: tf.layers.Layer,
    x: tf.SymbolicTensor | tf.SymbolicTensor[],
    weights?: LayerWeights,
  ): tf.SymbolicTensor {
    // Its weights come from the file.
    layer.setFastWeightInitDuringBuild(true);
    this.layers.push(layer);
    if (weights !== undefined) this.weights.set(layer, weights);
    return layer.apply(Array.isArray(x) ? this.eachOnce(x, `${layer.name}.again`) : x) as tf.SymbolicTensor;
  }

  /**
   * The values, those that were among them before as copies: tfjs miscounts the readers of what a layer reads twice, and puts
   * out nothing for an output that is listed twice.
   *
   * @param taken values that count as having been there
   */
  eachOnce(
    values: readonly tf.SymbolicTensor[],
    name: string | ((index: number) => string),
    taken: readonly tf.SymbolicTensor[] = [],
  ): tf.SymbolicTensor[] {
    const seen = new Set(taken);
    return values.map((value, index) => {
      if (!seen.has(value)) {
        seen.add(value);
        return value;
      }
      const own = this.unique(typeof name === 'string' ? name : name(index));
      return this.apply(tf.layers.activation({ name: own, activation: 'linear' }), value);
    });
  }

  /** As {@link apply}; a layer that was made for the same key is applied once more, so that its weights stay shared. */
  applyShared(
    key: string,
    make: () => tf.layers.Layer,
    x: tf.SymbolicTensor,
    weights: LayerWeights,
  ): tf.SymbolicTensor {
    const known = this.shared.get(key);
    if (known !== undefined) {
      const again = known.apply(x) as tf.SymbolicTensor;
      // Each call counts as an owner to tfjs, but the model, which disposes of a layer once, is the only one.
      (known as unknown as { _refCount: number })._refCount--;
      return again;
    }
    const layer = make();
    this.shared.set(key, layer);
    return this.apply(layer, x, weights);
  }

  /** The value with the file's axes in an order, moved by layers if need be, but once for all who ask. */
  arrange(value: Value, order: readonly number[], name: string): Value {
    const moves = movesTo(value.view, order);
    if (moves.length === 0) return value;
    const known = this.arrangements.get(value) ?? new Map<string, Value>();
    this.arrangements.set(value, known);
    let made = known.get(order.join());
    if (made === undefined) {
      const x = moves.reduce(
        (moved, move) =>
          this.apply(
            mover(move, (kind) => this.unique(`${name}.${kind}`)),
            moved,
          ),
        value.x,
      );
      made = { ...value, x, view: arranged(value.view, order) };
      known.set(order.join(), made);
    }
    return made;
  }

  /** Gives the layers that take part in a model their values. */
  assign(): void {
    for (const [layer, weights] of this.weights) {
      for (const variable of layer.weights) {
        const own = variable.originalName.slice(layer.name.length + 1);
        const { shape, data } = weights[own];
        if (shape.join() !== variable.shape.join()) {
          throw new OnnxError(
            `weight ${variable.originalName}: expected [${variable.shape.join(', ')}]. Received: [${shape.join(', ')}].`,
          );
        }
        const values = tf.tensor(data, [...shape], 'float32');
        variable.write(values);
        values.dispose();
      }
    }
  }

  /** Frees the weights of all layers; for a model that did not come to be. */
  dispose(): void {
    for (const layer of this.layers) {
      for (const weight of layer.weights) weight.dispose();
    }
  }
}

function mover(move: Move, name: (kind: string) => string): tf.layers.Layer {
  switch (move.kind) {
    case 'reshape':
      return tf.layers.reshape({ name: name('reshape'), targetShape: [...move.lengths] });
    case 'permute':
      return tf.layers.permute({ name: name('permute'), dims: [...move.axes] });
    case 'shuffle':
      return new ChannelShuffle({ name: name('shuffle'), groups: move.groups });
  }
}
