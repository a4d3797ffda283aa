export { formArithmetic } from './arithmetic';
export type { Calculation, FormArithmetic, StepArithmetic } from './arithmetic';
export { connectivityOf } from './connectivity';
export type { Bundle, Connectivity, Lane, Link } from './connectivity';
export { connectivityDiagram } from './connectivity-diagram';
export { alternativeForms, convolutionForm, formOptions, formTitle, separableForm } from './convolution-form';
export type {
  ConvolutionForm,
  ConvolutionKind,
  ConvolutionOptions,
  ConvolutionStep,
} from './convolution-form';
export { modelDiagram, outlineDiagram } from './model-diagram';
export { modelOutline } from './model-outline';
export { OUTLINE_DETAILS } from './outline';
export type {
  ModelOutline,
  OutlineBlock,
  OutlineDetail,
  OutlineEdge,
  OutlineNode,
  OutlinePart,
} from './outline';
export { readConvolution } from './read-convolution';
export { blockForms, readResNeXtBlock } from './resnext-block';
export type { BlockConvolution, BlockForm, BlockFormName, ResNeXtBlock } from './resnext-block';
export { resnextBlockDiagram } from './resnext-block-diagram';
