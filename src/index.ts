export { CardinalError, InterruptedError, InvalidArgumentError } from './errors';

export { convMacs, convParameters, convSpec } from './ops/conv-spec';
export type { ConvOptions, ConvSpec, Padding, ResolvedPadding } from './ops/conv-spec';
export {
  explain,
  groupedConv2d,
  groupedConv2dBackpropFilter,
  groupedConv2dBackpropInput,
} from './ops/grouped-conv2d';
export type { GroupedConv2DOptions } from './ops/grouped-conv2d';
export { IMPLEMENTATIONS } from './ops/strategies';
export type { Implementation, StrategyName } from './ops/strategies';
export type { Choice } from './ops/strategies/choose';
export type { Pass } from './ops/strategies/strategy';

export { GroupedConv2D, groupedConv2D } from './layers/grouped-conv2d';
export type { GroupedConv2DArgs } from './layers/grouped-conv2d';
export { batchNormalization } from './layers/batch-normalization';
export { DepthwiseSeparableConv2D, depthwiseSeparableConv2D } from './layers/depthwise-separable-conv2d';
export type { BatchNormConfig, DepthwiseSeparableConv2DConfig } from './layers/depthwise-separable-conv2d';

export { accelerate, isAccelerated, restore } from './backends/accelerate';

export { inspectModel } from './inspect/inspect-model';
export type { LayerReport, ModelReport, ParamCount } from './inspect/inspect-model';
