import type { StrategyName } from '.';
import type { ConvSpec } from '../conv-spec';
import type { Pass } from './strategy';

/** An order in which `'auto'` tries the strategies, fastest first, and the reason for it in a few words. */
export interface Preference {
  readonly order: readonly StrategyName[];
  readonly reason: string;
}

/**
 * The order that was fastest when measured (`npm run bench -- strategies`), by backend, shape and pass.
 *
 * On tensorflow the native kernel is faster at every shape. Elsewhere it is a trade between the arithmetic that a form
 * wastes and the calls that it makes.
 */
export function preference(spec: ConvSpec, _pass: Pass, backend: string): Preference {
  const depth = spec.inChannels / spec.groups;
  if (backend === 'tensorflow') {
    return {
      order: ['native', 'split-concat', 'depthwise-sum', 'block-diagonal'],
      reason: 'the native kernel was the fastest at every measured shape',
    };
  }
  if (spec.groups === 1) {
    return {
      order: ['split-concat', 'block-diagonal', 'depthwise-sum'],
      reason: 'with one group it is the stock convolution itself',
    };
  }
  if (depth <= 4) {
    return {
      order: ['depthwise-sum', 'split-concat', 'block-diagonal'],
      reason: 'with up to 4 input channels a group one depthwise call was faster than a call a group',
    };
  }
  return {
    order: ['split-concat', 'block-diagonal', 'depthwise-sum'],
    reason: 'with more than 4 input channels a group the least arithmetic was the fastest',
  };
}
