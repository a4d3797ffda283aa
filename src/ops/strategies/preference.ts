import type { StrategyName } from '.';
import type { ConvSpec } from '../conv-spec';
import type { Pass } from './strategy';
import { winogradTiles } from './winograd';

/** An order in which `'auto'` tries the strategies, fastest first, and the reason for it in a few words. */
export interface Preference {
  readonly order: readonly StrategyName[];
  readonly reason: string;
}

/** Below so many tiles, or with less of them used, winograd's transforms cost more than they save. */
const LEAST_TILES = 32;
const LEAST_USED = 0.5;

/**
 * The order that was fastest when measured (`npm run bench -- strategies`), by backend, shape and pass.
 *
 * On tensorflow a kernel is faster than any composition at every shape, and our own than TensorFlow's where there is one. Elsewhere it is a trade between the arithmetic that a form
 * wastes and the calls that it makes.
 */
export function preference(spec: ConvSpec, pass: Pass, backend: string): Preference {
  if (backend === 'tensorflow') {
    const { tiles, used } = winogradTiles(spec);
    if (spec.groups === 1 && (tiles < LEAST_TILES || used < LEAST_USED)) {
      return {
        order: ['native', 'winograd', 'split-concat', 'depthwise-sum', 'block-diagonal'],
        reason: 'for few outputs the filters of minimal filtering cost more than it saves',
      };
    }
    if (spec.groups === spec.inChannels && spec.filterHeight === 3) {
      return {
        order: ['native', 'direct', 'split-concat', 'depthwise-sum', 'block-diagonal'],
        reason: "depthwise 3x3 waits for memory, and TensorFlow's kernel was as fast as any or faster",
      };
    }
    return {
      order: ['direct', 'winograd', 'native', 'split-concat', 'depthwise-sum', 'block-diagonal'],
      reason:
        "this package's own kernels were the fastest where there is one, and TensorFlow's everywhere else",
    };
  }
  if (spec.groups === 1) return leastArithmetic('with one group it is the stock convolution itself');
  const depth = spec.inChannels / spec.groups;
  if (depth === 1)
    return oneDepthwiseCall('with one input channel a group it is the stock depthwise convolution itself');
  if (pass === 'backpropFilter') {
    if (depth > 4 || spec.inChannels > 128) {
      return leastArithmetic('for filter gradients of many channels the least arithmetic was the fastest');
    }
    return {
      order: ['block-diagonal', 'split-concat', 'depthwise-sum'],
      reason: 'for filter gradients of few channels a group one dense call was faster than a call a group',
    };
  }
  if (depth <= 4 || (depth <= 8 && spec.groups >= 32)) {
    return oneDepthwiseCall(
      'with few input channels in many groups one depthwise call was faster than a call a group',
    );
  }
  return leastArithmetic('with many input channels a group the least arithmetic was the fastest');
}

function leastArithmetic(reason: string): Preference {
  return { order: ['split-concat', 'block-diagonal', 'depthwise-sum'], reason };
}

function oneDepthwiseCall(reason: string): Preference {
  return { order: ['depthwise-sum', 'split-concat', 'block-diagonal'], reason };
}
