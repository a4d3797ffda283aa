import * as tf from '@tensorflow/tfjs';
import { insertZeros } from '../../ops/strategies/input-gradient-by-forward';

interface MaxPoolAttrs extends tf.NamedAttrMap {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: 'same' | 'valid' | number;
  dimRoundingMode: 'floor' | 'round' | 'ceil';
}

/**
 * The gradient of `tf.maxPool` with a detour for one backend: tfjs's wasm kernel for it drops the gradient of every
 * window whose largest value is not positive, as behind a convolution without activation. There it is composed; every
 * other backend keeps its own.
 *
 * @param stock the gradient that tfjs registered
 */
export function maxPoolGradient(stock: tf.GradConfig, backendName: string): tf.GradConfig {
  return {
    ...stock,
    gradFunc(dy, saved, attrs) {
      if (tf.getBackend() !== backendName) return stock.gradFunc(dy, saved, attrs);
      const [x, y] = saved as [tf.Tensor4D, tf.Tensor4D];
      return { x: () => tf.tidy(() => composed(dy as tf.Tensor4D, x, y, attrs as MaxPoolAttrs)) };
    },
  };
}

/** Each window's gradient goes to the first of its elements that equals the maximum. */
function composed(dy: tf.Tensor4D, x: tf.Tensor4D, y: tf.Tensor4D, attrs: MaxPoolAttrs): tf.Tensor4D {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const info = tf.backend_util.computePool2DInfo(x.shape, filterSize, strides, 1, pad, dimRoundingMode);
  const { top, left } = info.padInfo;
  const reachHeight = (info.outHeight - 1) * info.strideHeight + 1;
  const reachWidth = (info.outWidth - 1) * info.strideWidth + 1;
  // Room for the last tap of the last window, beyond what padding and strides reach.
  const height = Math.max(top + x.shape[1], reachHeight + info.filterHeight - 1);
  const width = Math.max(left + x.shape[2], reachWidth + info.filterWidth - 1);
  const around = [[0, 0], [top, height - top - x.shape[1]], [left, width - left - x.shape[2]], [0, 0]] as [number, number][]; // prettier-ignore
  const padded = tf.pad(x, around, -Infinity) as tf.Tensor4D;
  const spread = { batch: info.batchSize, outHeight: info.outHeight, outWidth: info.outWidth, outChannels: info.outChannels, strides: [info.strideHeight, info.strideWidth] as const }; // prettier-ignore
  let open: tf.Tensor = tf.onesLike(y); // 1 where no element has taken the gradient yet
  const shares: tf.Tensor4D[] = [];
  for (let i = 0; i < info.filterHeight; i++) {
    for (let j = 0; j < info.filterWidth; j++) {
      const end = [info.batchSize, i + reachHeight, j + reachWidth, info.inChannels];
      const seen = tf.stridedSlice(padded, [0, i, j, 0], end, [1, info.strideHeight, info.strideWidth, 1]);
      const taken = seen.equal(y).cast('float32').mul(open);
      open = open.sub(taken);
      const placed = insertZeros(dy.mul(taken), spread).slice(
        [0, 0, 0, 0],
        [info.batchSize, reachHeight, reachWidth, info.inChannels],
      );
      shares.push(tf.pad(placed, [[0, 0], [i, height - i - reachHeight], [j, width - j - reachWidth], [0, 0]])); // prettier-ignore
    }
  }
  return tf.addN(shares).slice([0, top, left, 0], x.shape);
}
