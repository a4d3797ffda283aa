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
export { gelu } from './ops/gelu';
export { hardSigmoid, hardSwish } from './ops/hard-swish';
export { silu } from './ops/silu';
export { IMPLEMENTATIONS } from './ops/strategies';
export type { Implementation, StrategyName } from './ops/strategies';
export type { Choice } from './ops/strategies/choose';
export type { Pass } from './ops/strategies/strategy';

export { GroupedConv2D, groupedConv2D } from './layers/grouped-conv2d';
export type { GroupedConv2DArgs } from './layers/grouped-conv2d';
export { batchNormalization } from './layers/batch-normalization';
export { ChannelShuffle, channelShuffle } from './layers/channel-shuffle';
export type { ChannelShuffleArgs } from './layers/channel-shuffle';
export { ChannelSlice, channelSlice } from './layers/channel-slice';
export type { ChannelSliceArgs } from './layers/channel-slice';
export { ConstantOperand, constantOperand } from './layers/constant-operand';
export type { ConstantOperandArgs, ConstantOperation } from './layers/constant-operand';
export { DepthwiseSeparableConv2D, depthwiseSeparableConv2D } from './layers/depthwise-separable-conv2d';
export type { BatchNormConfig, DepthwiseSeparableConv2DConfig } from './layers/depthwise-separable-conv2d';

export { DropPath, dropPath } from './layers/drop-path';
export type { DropPathArgs } from './layers/drop-path';
export { ElementFunction, elementFunction } from './layers/element-function';
export type { ElementFunctionArgs, ElementFunctionName } from './layers/element-function';
export { HardSwish, hardSwishLayer } from './layers/hard-swish';
export { LayerScale, layerScale } from './layers/layer-scale';
export type { LayerScaleArgs } from './layers/layer-scale';
export { SqueezeExcite, squeezeExcite } from './layers/squeeze-excite';
export type { SqueezeExciteArgs } from './layers/squeeze-excite';
export { TakePositions, takePositions } from './layers/take-positions';
export type { TakePositionsArgs } from './layers/take-positions';

export { accelerate, isAccelerated, restore } from './backends/accelerate';

export { toGraphModel } from './export/graph-model';
export { verifyGraph } from './export/verify-graph';
export { enableKerasGroups } from './import/enable-keras-groups';
export { loadGraphModel } from './import/graph-model';
export { assignTorchTensors, torchTensors } from './import/torch-weights';
export type { LoadReport } from './import/torch-weights';

export { foldBatchNorm } from './graph/fold-batch-norm';
export type { Graph, GraphNode } from './graph/graph';
export { GraphRunner } from './graph/graph-runner';
export { lowerModel } from './graph/lower-model';

export { inspectModel } from './inspect/inspect-model';
export type { LayerReport, ModelReport, ParamCount } from './inspect/inspect-model';
