import { blockDiagonal } from './block-diagonal';
import { depthwiseSum } from './depthwise-sum';
import { direct } from './direct';
import { native } from './native';
import { splitConcat } from './split-concat';
import { winograd } from './winograd';

/** Every strategy there is. The chooser, the layer's option and the conformance suite all read this list. */
export const STRATEGIES = [direct, winograd, native, splitConcat, depthwiseSum, blockDiagonal] as const;

/** The name of one way to compute a grouped convolution. */
export type StrategyName = (typeof STRATEGIES)[number]['name'];

/** What the `implementation` option takes: a strategy by name, or `'auto'` for the one that suits backend and shape. */
export type Implementation = 'auto' | StrategyName;

export const IMPLEMENTATIONS: readonly Implementation[] = ['auto', ...STRATEGIES.map(({ name }) => name)];
