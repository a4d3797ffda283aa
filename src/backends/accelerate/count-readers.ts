import * as tf from '@tensorflow/tfjs';
import { replaceMethod, type Patch } from './patch';
import { nodesOf, type LayerNode } from './stock-classes';

// tfjs frees an activation in `predict` and `evaluate` once all layers that read it have run. It counts a layer that reads
// it twice (`x · x`) as one reader and takes two off, so that the next reader finds it gone ("Tensor is disposed"). And of an
// output that a model lists twice, it fills the first place only.

/** What of a model tfjs's executor goes by; none of it is in the types. */
interface Executed {
  readonly nodesByDepth: Readonly<Record<string, readonly LayerNode[]>>;
  outputs: tf.SymbolicTensor[];
  predictLoop(...of: unknown[]): unknown;
  call(...of: unknown[]): unknown;
  makeTrainFunction(): (data: tf.Tensor[]) => tf.Scalar[];
  makeTestFunction(): void;
  testFunction: (data: tf.Tensor[]) => tf.Scalar[];
}

/** What the executor, and it alone, reads of a value: what it is computed of. */
interface Executable {
  inputs: tf.SymbolicTensor[];
}

const RUNS = ['predictLoop', 'call', 'makeTrainFunction', 'makeTestFunction'] as const;

const counted = new WeakSet<object>();

/**
 * Makes tfjs count right who reads what in a model: each reading of a value after the first in one layer, and each listing of
 * an output after the first, is of a copy of its own. Layers, nodes and what is saved stay as they are. Of a model in which
 * tfjs counts right, nothing changes.
 */
export function countReaders(model: tf.LayersModel): void {
  if (counted.has(model)) return;
  counted.add(model);
  const own = model as unknown as Executed;
  const calls = Object.values(own.nodesByDepth).flat();
  const isMiscounted = calls.filter(({ outputTensors }) => readTwice(outputTensors[0]));
  for (const { outputTensors } of isMiscounted) {
    const inputs = withCopies((outputTensors[0] as unknown as Executable).inputs);
    for (const output of outputTensors) (output as unknown as Executable).inputs = inputs;
  }
  if (isMiscounted.length > 0) forgetCounts();
  if (new Set(own.outputs).size < own.outputs.length) listApart(own);
  for (const { outboundLayer } of calls)
    if (outboundLayer instanceof tf.LayersModel) countReaders(outboundLayer);
}

/** Counts the readers right in every model that runs. */
export const rightCounts: Patch = () => {
  const model = tf.LayersModel.prototype as unknown as Executed;
  const undo = RUNS.map((name) =>
    replaceMethod(
      model,
      name,
      (stock) =>
        function (this: tf.LayersModel, ...of: never[]) {
          if (counted.has(this)) return (stock as (...of: never[]) => unknown).apply(this, of);
          countReaders(this);
          // By name, since the model may have a method of its own now.
          return (this as unknown as Record<string, (...of: never[]) => unknown>)[name](...of);
        } as never,
    ),
  );
  return () => undo.forEach((takeBack) => takeBack());
};

function readTwice(output: tf.SymbolicTensor): boolean {
  const { inputs } = output as unknown as Executable;
  return new Set(inputs).size < inputs.length;
}

/** The values, those that came before as copies. */
function withCopies(values: readonly tf.SymbolicTensor[]): tf.SymbolicTensor[] {
  const seen = new Set<tf.SymbolicTensor>();
  return values.map((value) => {
    if (seen.has(value)) return copyOf(value);
    seen.add(value);
    return value;
  });
}

/** What a layer computes that gives back what it gets, and of which the model's own layers know nothing. */
function copyOf(value: tf.SymbolicTensor): tf.SymbolicTensor {
  const copy = tf.layers.activation({ name: 'copy', activation: 'linear' }).apply(value) as tf.SymbolicTensor;
  nodesOf(value.sourceLayer).outbound.pop();
  return copy;
}

/** Runs the model with every output a value of its own; whoever else asks for its outputs gets those that it has. */
function listApart(model: Executed): void {
  const apart = withCopies(model.outputs);
  const withApart = <T>(run: () => T): T => {
    const { outputs } = model;
    model.outputs = apart;
    try {
      return run();
    } finally {
      model.outputs = outputs;
    }
  };
  // Looked up at each call, as `accelerate()` may have put in another.
  const stock = tf.LayersModel.prototype as unknown as Executed;
  model.predictLoop = (...of) => withApart(() => stock.predictLoop.apply(model, of));
  model.call = (...of) => withApart(() => stock.call.apply(model, of));
  model.makeTrainFunction = () => {
    const trainOn = withApart(() => stock.makeTrainFunction.call(model));
    return (data) => withApart(() => trainOn(data));
  };
  model.makeTestFunction = () => {
    stock.makeTestFunction.call(model);
    const testOn = model.testFunction;
    model.testFunction = (data) => withApart(() => testOn(data));
  };
}

/** Makes tfjs forget in which order it ran models before, which it keeps by the names of outputs. */
function forgetCounts(): void {
  const flag = 'TOPOLOGICAL_SORT_CACHE_MAX_ENTRIES';
  const most = tf.env().getNumber(flag);
  tf.env().set(flag, 0);
  tf.env().set(flag, most);
}
