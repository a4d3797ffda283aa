import type * as tf from '@tensorflow/tfjs';
import type { ConvSpec } from '../conv-spec';

/** What a strategy may be asked to compute. */
export type Pass = 'forward' | 'backpropInput' | 'backpropFilter';

/**
 * One way to compute a grouped convolution and its two gradients; each lives in a file of its own and is listed in
 * `strategies/index.ts`, from where the chooser and the conformance suite take it up.
 *
 * Tensors are float32 and NHWC. The three functions run inside a kernel, within `tf.tidy`.
 */
export interface Strategy<Name extends string = string> {
  readonly name: Name;
  /** A short sentence for `explain`: how it computes. */
  readonly summary: string;
  /** Why it cannot compute `pass` on `backend`, or `undefined` when it can. */
  declines(spec: ConvSpec, pass: Pass, backend: string): string | undefined;
  /** What it computes by itself; the rest is reduced to simpler convolutions before it is called. */
  readonly handles?: {
    /** Passes that take `padding.kind === 'explicit'`. */
    readonly explicitPadding?: readonly Pass[];
    /** Whether its gradients take dilations above 1. */
    readonly dilatedGradients?: boolean;
  };
  /** `[batch, outHeight, outWidth, outChannels]`. */
  forward(x: tf.Tensor4D, filter: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D;
  /** The gradient with respect to the input, in the input's shape. */
  backpropInput(dy: tf.Tensor4D, filter: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D;
  /** The gradient with respect to the filter, in the filter's shape. */
  backpropFilter(x: tf.Tensor4D, dy: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D;
}
