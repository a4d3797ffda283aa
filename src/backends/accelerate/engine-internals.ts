import * as tf from '@tensorflow/tfjs';

// The parts of tfjs-core's engine that acceleration touches. They are public at run time and stable over the 4.x
// releases; their types are not exported in full.

/** One recorded kernel. */
export interface TapeNode {
  readonly id: number;
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  readonly outputs: readonly tf.Tensor[];
  /** Clones of what the gradient needs, owned by the node. */
  readonly saved?: readonly tf.Tensor[];
  readonly gradient?: (dys: (tf.Tensor | null)[]) => Readonly<Record<string, () => tf.Tensor>>;
}

export interface Gradients {
  value: tf.Tensor;
  grads: (tf.Tensor | undefined)[];
}

export interface Engine {
  readonly state: { readonly gradientDepth: number; activeTape: TapeNode[] | null };
  startTape(): void;
  endTape(): void;
  tidy<T extends tf.TensorContainer | unknown>(run: () => T): T;
  gradients(
    f: () => tf.Tensor,
    xs: tf.Tensor[],
    dy?: tf.Tensor | null,
    allowNoGradients?: boolean,
  ): Gradients;
  addTapeNode(
    kernelName: string,
    inputs: Readonly<Record<string, tf.Tensor>>,
    outputs: readonly tf.Tensor[],
    gradientsFunc: unknown,
    saved: readonly tf.Tensor[],
    attrs: tf.NamedAttrMap | undefined,
  ): void;
}

/** tfjs-core's one engine. */
export function engine(): Engine {
  return tf.engine() as unknown as Engine;
}
