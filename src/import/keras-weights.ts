import * as tf from '@tensorflow/tfjs';

import { CardinalError } from '../errors';
import { setWeight } from '../layers/set-weight';
import type { ArrayGroup, StoredArray } from './hdf5-arrays';
import { normalisation } from './keras-layers';

/** A weight of a model and the array that it is set from. */
interface Assignment {
  readonly weight: tf.LayerVariable;
  readonly array: StoredArray;
}

/** `SeparableConv2D` as Keras names what it saves of it: `separable_conv2d`. */
export function kerasFolderName(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/**
 * Sets the weights of a model from those of a `.keras` file: all or, on an error, none.
 *
 * Keras 3 saves the layers of a model in order, each in a folder of its class's name, `conv2d` and then `conv2d_1`, with
 * its weights numbered in the order in which it made them; newer ones write the layer's own name beside them, which goes
 * before the order.
 *
 * @param classNames of the layers as Keras has them, by name, since a layer may have become another class here
 * @throws CardinalError if an array is missing or of another shape
 */
export function assignKerasWeights(
  model: tf.LayersModel,
  root: ArrayGroup,
  classNames: LayerClassNames,
): void {
  const assignments = assignmentsOf(model, root, classNames);
  tf.tidy(() => {
    for (const { weight, array } of assignments) setWeight(weight, tf.tensor(array.read(), [...array.shape]));
  });
}

/** The classes of a model's layers in Keras's order, models within it included. */
export type LayerClassNames = readonly {
  readonly name: string;
  /** What the layer is called in tfjs. */
  readonly tfjsName: string;
  readonly className: string;
  readonly layers?: LayerClassNames;
}[];

function assignmentsOf(model: tf.LayersModel, folder: ArrayGroup, classNames: LayerClassNames): Assignment[] {
  const layers = folder.group('layers');
  if (layers === undefined) throw new CardinalError(`${folder.path} has no layers`);
  const byName = foldersByName(layers);
  const used = new Map<string, number>();
  return classNames.flatMap(({ name, tfjsName, className, layers: inner }) => {
    const base = kerasFolderName(className);
    const uses = used.get(base) ?? 0;
    used.set(base, uses + 1);
    const own = byName.get(name) ?? layers.group(uses === 0 ? base : `${base}_${uses}`);
    const layer = model.getLayer(tfjsName);
    if (className === 'Normalization') return normalisationOf(layer, own);
    if (layer.weights.length === 0) return [];
    if (own === undefined) throw new CardinalError(`there are no weights for layer ${name} (${className})`);
    if (inner !== undefined) return assignmentsOf(layer as tf.LayersModel, own, inner);
    return layerAssignments(layer, own);
  });
}

/** The scale and the offset of a layer, where it stands for one that was adapted and saved its mean and variance. */
function normalisationOf(layer: tf.layers.Layer, folder: ArrayGroup | undefined): Assignment[] {
  const vars = folder?.group('vars');
  const [mean, variance] = ['0', '1'].map((name) => vars?.array(name));
  // Otherwise its config has them.
  if (mean === undefined || variance === undefined) return [];
  const { scale, offset } = normalisation([...mean.read()], [...variance.read()]);
  Object.assign(layer, { scale, offset });
  return [];
}

function foldersByName(layers: ArrayGroup): ReadonlyMap<string, ArrayGroup> {
  const found = new Map<string, ArrayGroup>();
  for (const child of layers.children) {
    const folder = layers.group(child);
    const name = folder?.group('vars')?.text('name');
    if (folder !== undefined && name !== undefined) found.set(name, folder);
  }
  return found;
}

function layerAssignments(layer: tf.layers.Layer, folder: ArrayGroup): Assignment[] {
  const vars = folder.group('vars');
  const count = vars?.children.length ?? 0;
  if (vars === undefined || count !== layer.weights.length) {
    throw new CardinalError(
      `layer ${layer.name}: expected ${layer.weights.length} weights. Received: ${count} in ${folder.path}`,
    );
  }
  return layer.weights.map((weight, i) => {
    const array = vars.array(String(i));
    const expected = weight.shape.join(', ');
    // Before anything is read: a file may claim any shape.
    if (array === undefined || array.shape.join(', ') !== expected) {
      const received = array === undefined ? 'nothing' : `[${array.shape.join(', ')}]`;
      throw new CardinalError(`${weight.originalName}: expected [${expected}]. Received: ${received}`);
    }
    return { weight, array };
  });
}
