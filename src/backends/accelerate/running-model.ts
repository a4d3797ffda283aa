import * as tf from '@tensorflow/tfjs';
import { replaceMethod, type Patch } from './patch';
import { nodesOf } from './stock-classes';

// While a model trains, each activation is read by the layers that follow and by the tape, which holds a reference of
// its own. tfjs keeps the layer's output as well until the forward pass is over, and with it what the tape has no use
// for. In inference it frees outputs once all readers have run; here the same is done in training.

/** One training pass of a model's graph. */
export class RunningModel {
  private readonly outputs: ReadonlySet<tf.SymbolicTensor>;
  /** Layers that have yet to read an activation; absent for those that must stay. */
  private readonly readers = new Map<tf.Tensor, number>();
  private unread: tf.Tensor[] = [];
  private depth = 0;

  constructor(model: { readonly outputs: readonly tf.SymbolicTensor[] }) {
    this.outputs = new Set(model.outputs);
  }

  /** The only layer that reads what `layer` computes in this model, or `undefined` where there is none or several. */
  onlyReader(layer: tf.layers.Layer): tf.layers.Layer | undefined {
    const { inbound, outbound } = nodesOf(layer);
    if (inbound.length !== 1 || outbound.length !== 1 || this.isOutput(layer)) return undefined;
    return outbound[0].outboundLayer;
  }

  /**
   * Calls a layer and frees what has no reader left. Layers that `layer` calls itself are its own business: their inputs
   * may be its own, which it has not done with.
   */
  call<T extends tf.Tensor | tf.Tensor[]>(
    layer: tf.layers.Layer,
    read: readonly tf.Tensor[],
    run: () => T,
  ): T {
    // Only now, as tfjs may have asked the previous layer for a mask, which it makes of that layer's input.
    if (this.depth === 0) this.unread.splice(0).forEach((tensor) => tensor.dispose());
    this.depth++;
    try {
      const made = run();
      if (this.depth === 1) this.note(layer, read, list<tf.Tensor>(made));
      return made;
    } finally {
      this.depth--;
    }
  }

  private note(layer: tf.layers.Layer, read: readonly tf.Tensor[], made: readonly tf.Tensor[]): void {
    const { inbound, outbound } = nodesOf(layer);
    // A shared layer's readers cannot be told apart by call, and tfjs calls a reader once for each of its outputs. Readers
    // in other models are counted too and never come, so that their activation stays, as without us.
    const readOnce = outbound.length > 0 && outbound.every(({ outputTensors }) => outputTensors.length === 1);
    if (inbound.length === 1 && made.length === 1 && readOnce && !this.isOutput(layer)) {
      this.readers.set(made[0], outbound.length);
    }
    for (const tensor of read) {
      const left = this.readers.get(tensor);
      if (left === undefined) continue;
      this.readers.set(tensor, left - 1);
      if (left === 1) this.unread.push(tensor);
    }
  }

  private isOutput(layer: tf.layers.Layer): boolean {
    return nodesOf(layer).inbound.some((node) =>
      node.outputTensors.some((tensor) => this.outputs.has(tensor)),
    );
  }
}

const running: RunningModel[] = [];

/** The training pass whose layers are now called, the innermost of nested models. */
export function runningModel(): RunningModel | undefined {
  return running.at(-1);
}

type Call = (inputs: tf.Tensor | tf.Tensor[], kwargs?: { training?: boolean }) => tf.Tensor | tf.Tensor[];
interface Model {
  readonly outputs: tf.SymbolicTensor[];
  call: Call;
  makeTrainFunction(): (data: tf.Tensor[]) => tf.Scalar[];
}

/** Frees activations while a model trains, by `model.fit`, `model.trainOnBatch` or `model.apply(x, {training: true})`. */
export const releaseActivations: Patch = () => {
  const model = tf.LayersModel.prototype as unknown as Model;
  const undo = [
    replaceMethod(
      model,
      'call',
      (stock) =>
        function (this: Model, inputs, kwargs) {
          const pass = kwargs?.training === true ? new RunningModel(this) : undefined;
          return during(pass, () => stock.call(this, inputs, kwargs));
        },
    ),
    replaceMethod(
      model,
      'makeTrainFunction',
      (stock) =>
        function (this: Model) {
          const trainOn = stock.call(this);
          return (data: tf.Tensor[]) => during(new RunningModel(this), () => trainOn(data));
        },
    ),
    replaceMethod(
      tf.layers.Layer.prototype as unknown as { apply: Call },
      'apply',
      (stock) =>
        function (this: tf.layers.Layer, inputs, kwargs) {
          const run = () => stock.call(this as never, inputs, kwargs);
          const pass = runningModel();
          const read = list(inputs);
          return pass === undefined || !(read[0] instanceof tf.Tensor) ? run() : pass.call(this, read, run);
        } as Call,
    ),
  ];
  return () => undo.forEach((takeBack) => takeBack());
};

function during<T>(pass: RunningModel | undefined, run: () => T): T {
  if (pass === undefined) return run();
  running.push(pass);
  try {
    return run();
  } finally {
    running.pop();
  }
}

function list<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}
