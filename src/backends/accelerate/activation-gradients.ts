import * as tf from '@tensorflow/tfjs';
import { float, runTensorflow, type Attribute } from '../../ops/libtensorflow';
import { mayCallNative, reluGradient } from '../../ops/native-gradient';
import type { GradientOverride } from './gradient-override';

// Each is one pass over the activations where stock tfjs makes from three to six. On another backend than tensorflow,
// and where the gradient is differentiated in turn, they are composed of operations. Where the output tells enough, it is
// kept and the input let go: the next layer keeps the same tensor anyway.

/** An activation whose gradient is one operation of TensorFlow, from its output or its input. */
function pointwise(
  kernelName: string,
  keeps: 'output' | 'input',
  native: (dy: tf.Tensor, kept: tf.Tensor, attrs: tf.NamedAttrMap) => tf.Tensor,
  composed: (dy: tf.Tensor, kept: tf.Tensor, attrs: tf.NamedAttrMap) => tf.Tensor,
): GradientOverride {
  return {
    kernelName,
    ...(keeps === 'output' ? { outputsToSave: [true] } : { inputsToSave: ['x'] }),
    gradient: (dy, [kept], { attrs }) => ({
      x: () =>
        mayCallNative() && kept.dtype === 'float32' ? native(dy, kept, attrs) : composed(dy, kept, attrs),
    }),
  };
}

function call(operation: string, inputs: tf.Tensor[], attributes: Record<string, Attribute> = {}): tf.Tensor {
  return runTensorflow(operation, inputs, attributes)[0];
}

const where = (condition: tf.Tensor, dy: tf.Tensor) => tf.mul(dy, tf.cast(condition, 'float32'));

export const ACTIVATION_GRADIENTS: readonly GradientOverride[] = [
  pointwise('Relu', 'output', reluGradient, reluGradient),
  // At an x of exactly 6, where the derivative is anything from 0 to 1, this takes 0, as TensorFlow and PyTorch do.
  pointwise(
    'Relu6',
    'output',
    (dy, y) => call('Relu6Grad', [dy, y]),
    (dy, y) => where(tf.logicalAnd(tf.greater(y, 0), tf.less(y, 6)), dy),
  ),
  pointwise(
    'LeakyRelu',
    'input',
    (dy, x, { alpha }) => call('LeakyReluGrad', [dy, x], { alpha: float(alpha as number) }),
    (dy, x, { alpha }) => tf.where(tf.greater(x, 0), dy, tf.mul(dy, alpha as number)),
  ),
  pointwise(
    'Sigmoid',
    'output',
    (dy, y) => call('SigmoidGrad', [y, dy]),
    (dy, y) => tf.mul(dy, tf.mul(y, tf.sub(1, y))),
  ),
  pointwise(
    'Tanh',
    'output',
    (dy, y) => call('TanhGrad', [y, dy]),
    (dy, y) => tf.mul(tf.sub(1, tf.square(y)), dy),
  ),
  pointwise(
    'Softplus',
    'input',
    (dy, x) => call('SoftplusGrad', [dy, x]),
    (dy, x) => tf.mul(dy, tf.sigmoid(x)),
  ),
  {
    kernelName: 'ClipByValue',
    inputsToSave: ['x'],
    outputsToSave: [true],
    // What was clipped is what changed.
    gradient: (dy, [x, y]) => ({
      x: () => {
        const unchanged = tf.equal(x, y);
        if (!mayCallNative() || x.dtype !== 'float32') return tf.where(unchanged, dy, tf.zerosLike(dy));
        return call('SelectV2', [unchanged, dy, tf.scalar(0)]);
      },
    }),
  },
];
