import * as tf from '@tensorflow/tfjs';

import { checkModel } from '../check-kinds';
import { checkOptions, type OptionNames } from '../check-options';
import { CardinalError, check, listed } from '../errors';
import type { TensorToStore } from '../safetensors/serialise';
import type { StoredTensor } from '../safetensors/tensor';
import { weightVariables } from '../train/weights';
import {
  BATCH_COUNT,
  fromTorch,
  toTorch,
  TORCH_NAMES,
  torchCounterpart,
  type TorchCounterpart,
} from './torch-names';
import { matchNames } from './torch-prefixes';

/** A tensor whose name fits and whose shape or type does not. Shapes are PyTorch's. */
export interface Mismatch {
  readonly name: string;
  /** Such as `[1000, 512]`. */
  readonly expected: string;
  readonly received: string;
}

/** What loading came to. Names are PyTorch's. */
export interface LoadReport {
  /** How many weights were set. */
  readonly loaded: number;
  /** Weights of the model that the source lacks: they stay as they were. */
  readonly missing: readonly string[];
  /** Tensors of the source that the model has no place for. */
  readonly unexpected: readonly string[];
  /** Tensors that do not fit their place, whose weights stay as they were. */
  readonly mismatched: readonly Mismatch[];
  /** What stood before the names in the source and was taken off, such as `module.`; absent where nothing was. */
  readonly prefix?: string;
  /** Modules that wrapped others in the source, such as `_orig_mod`, whose names were taken out; absent where none were. */
  readonly wrappers?: readonly string[];
  /**
   * Prefixes under which the source has the weights once more, which were passed over, as what stands beside a moving average
   * is; absent where there is one copy.
   */
  readonly otherCopies?: readonly string[];
}

/** What {@link assignTorchTensors} can be told. */
export interface AssignOptions {
  /** `false` loads what fits and reports the rest, as a new classifier needs it; `true` by default. */
  readonly strict?: boolean;
}

/** The names of {@link AssignOptions}. */
export const ASSIGN_OPTIONS: OptionNames<AssignOptions> = { strict: true };

const FLOATS: ReadonlySet<string> = new Set(['F64', 'F32', 'F16', 'BF16']);

interface Metadata {
  readonly [TORCH_NAMES]?: Readonly<Record<string, string>>;
}

interface Place extends TorchCounterpart {
  readonly variable: tf.Variable;
}

/**
 * Sets the weights of a model from PyTorch's tensors, by the rule of `torch-names.ts`; all or, on an error, none.
 * `num_batches_tracked` is passed over. What stands before all names where the model was wrapped in others (`module.`,
 * `_orig_mod.`, `model.`, `backbone.`) is found and taken off. Of a model that is there twice the moving average is taken, as
 * timm does.
 *
 * @param tensors by PyTorch's names, in PyTorch's layout
 * @throws CardinalError if a weight of the model has no counterpart in PyTorch; unless `strict` is `false`, if any tensor is
 *   missing, unexpected or of another shape or type, listing all; and if none fits at all
 *
 * @example
 * assignTorchTensors(model, parseSafetensors(bytes).tensors, { strict: false }).missing; // ['fc.weight', 'fc.bias']
 */
export function assignTorchTensors(
  model: tf.LayersModel,
  tensors: ReadonlyMap<string, StoredTensor>,
  options: AssignOptions = {},
): LoadReport {
  checkModel('assignTorchTensors', model);
  checkOptions('assignTorchTensors', options, ASSIGN_OPTIONS);
  checkTensors(tensors);
  const { strict = true } = options;
  check(typeof strict === 'boolean', 'strict', 'true or false', strict);
  const places = placesOf(model);
  const { sources, prefix, wrappers, otherCopies } = matchNames(
    tensors.keys(),
    places.size,
    (source, own) => {
      const place = places.get(own);
      return place !== undefined && mismatch(place, tensors.get(source) as StoredTensor) === undefined;
    },
  );
  const missing: string[] = [];
  const mismatched: Mismatch[] = [];
  const fitting: [Place, StoredTensor][] = [];
  for (const place of places.values()) {
    const tensor = tensors.get(sources.get(place.name) ?? '');
    const problem = tensor && mismatch(place, tensor);
    if (tensor === undefined) missing.push(place.name);
    else if (problem !== undefined) mismatched.push(problem);
    else fitting.push([place, tensor]);
  }
  const unexpected = [...sources]
    .filter(([own]) => !places.has(own) && !isBatchCount(own))
    .map(([, name]) => name);
  const report: LoadReport = {
    loaded: fitting.length,
    missing,
    unexpected,
    mismatched,
    ...(prefix !== '' && { prefix }),
    ...(wrappers.length > 0 && { wrappers }),
    ...(otherCopies.length > 0 && { otherCopies }),
  };
  const fits = missing.length + unexpected.length + mismatched.length === 0;
  if (!fits && (strict || fitting.length === 0)) throw misfit(model.name, report);
  tf.tidy(() => {
    const values = fitting.map(([place, { data }]) => {
      const { shape } = place.variable;
      return tf.tensor(fromTorch(data as ArrayLike<number>, place, shape), shape, 'float32');
    });
    fitting.forEach(([{ variable }], index) => variable.assign(values[index]));
  });
  return report;
}

/**
 * The weights of a model as the tensors of a PyTorch `state_dict`, which `load_state_dict` takes: float32 by PyTorch's names, and
 * for every batch norm a count of 0 batches.
 *
 * @throws CardinalError if a weight of the model has no counterpart in PyTorch
 */
export function torchTensors(model: tf.LayersModel): ReadonlyMap<string, TensorToStore> {
  checkModel('torchTensors', model);
  const tensors = new Map<string, TensorToStore>();
  for (const place of placesOf(model).values()) {
    const { name, shape, variable } = place;
    tensors.set(name, { shape, data: toTorch(variable.dataSync(), place, variable.shape) });
    if (name.endsWith('.running_mean')) {
      const count = name.replace(/[^.]+$/, BATCH_COUNT);
      tensors.set(count, { shape: [], data: BigInt64Array.of(0n) });
    }
  }
  return tensors;
}

function checkTensors(tensors: unknown): void {
  const what = 'a Map of tensors by name, as readSafetensors reads them';
  check(tensors instanceof Map, 'tensors', what, tensors);
}

/** The weights of a model by PyTorch's names. */
function placesOf(model: tf.LayersModel): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  const originals = (model.getUserDefinedMetadata() as Metadata | undefined)?.[TORCH_NAMES] ?? {};
  for (const [own, variable] of weightVariables(model)) {
    const counterpart = torchCounterpart(own, variable.shape);
    // Of a name that tfjs does not take for a layer, an import keeps the original.
    const [layer] = own.split('/');
    const name = Object.hasOwn(originals, layer)
      ? originals[layer] + counterpart.name.slice(layer.length)
      : counterpart.name;
    const place = { ...counterpart, name, variable };
    if (places.has(place.name)) throw new CardinalError(`the model has two weights for ${place.name}`);
    places.set(place.name, place);
  }
  return places;
}

function mismatch({ name, shape }: Place, tensor: StoredTensor): Mismatch | undefined {
  const [expected, received] = [shape, tensor.shape].map((extents) => `[${extents.join(', ')}]`);
  if (expected !== received) return { name, expected, received };
  return FLOATS.has(tensor.dtype) ? undefined : { name, expected: 'floats', received: tensor.dtype };
}

function isBatchCount(name: string): boolean {
  return name === BATCH_COUNT || name.endsWith(`.${BATCH_COUNT}`);
}

/** One sentence for each kind of misfit, with all its names or the first of very many. */
function misfit(model: string, report: LoadReport): CardinalError {
  const { loaded, missing, unexpected, mismatched, prefix } = report;
  const shapes = mismatched.map(
    ({ name, expected, received }) => `${name} (expected ${expected}, received ${received})`,
  );
  const lists = [
    counted('missing', missing),
    counted('unexpected', unexpected),
    counted('mis-shaped', shapes),
  ];
  const advice =
    loaded === 0
      ? 'not one tensor fits: is the file that of another model, or of another library whose modules have other names?'
      : 'strict: false loads the others';
  return new CardinalError(
    [
      `the weights do not fit ${model}, which was left as it is`,
      prefix === undefined ? '' : `taken as they are without '${prefix}' before their names`,
      ...lists,
      advice,
    ]
      .filter(Boolean)
      .join('; '),
  );
}

function counted(kind: string, names: readonly string[]): string {
  return names.length === 0 ? '' : `${names.length} ${kind}: ${listed(names)}`;
}
