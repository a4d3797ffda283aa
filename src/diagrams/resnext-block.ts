import type * as tf from '@tensorflow/tfjs';
import { checkFields, checkModel, checkText } from '../check-kinds';
import { invalidArgument, listed, nearest } from '../errors';
import { convParameters } from '../ops/conv-spec';
import type { ConvolutionStep } from './convolution-form';
import { isJoin } from './layer-text';
import { isConvolution, readLayer } from './read-convolution';

/** A residual block of a 1x1, a grouped and another 1x1 convolution, as it is in a model. */
export interface ResNeXtBlock {
  /** Such as `layer1.0`. */
  readonly name: string;
  /** The paths that the block is split into: the groups of its second convolution. */
  readonly cardinality: number;
  /** The three convolutions of the branch, in order. */
  readonly convolutions: readonly [reduce: ConvolutionStep, filter: ConvolutionStep, expand: ConvolutionStep];
  /** The 1x1 convolution of the shortcut; `undefined` where the input itself is added. */
  readonly projection: ConvolutionStep | undefined;
}

/** Which of the equal forms: paths that are added, paths that are put together, one grouped convolution. */
export type BlockFormName = 'split' | 'concat' | 'grouped';

/** One convolution of a form, as many times as it is there. */
export interface BlockConvolution {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly [number, number];
  readonly groups: number;
  /** The same in each of so many paths. */
  readonly times: number;
}

/** One of the three equal forms of a block, by its convolutions in order. */
export interface BlockForm {
  readonly name: BlockFormName;
  readonly convolutions: readonly BlockConvolution[];
  /** Elements of all kernels. */
  readonly weights: number;
}

/**
 * Reads a block of a ResNeXt, or of any network with such bottlenecks, from its layers.
 *
 * @param name what the names of the block's layers begin with, such as `layer1.0`
 * @throws InvalidArgumentError where the model has no block of that name, or the block is no such bottleneck
 *
 * @example
 * readResNeXtBlock(createModel('resnext_toy'), 'layer1.0').cardinality; // 8
 */
export function readResNeXtBlock(model: tf.LayersModel, name: string): ResNeXtBlock {
  checkModel('readResNeXtBlock', model);
  checkText('block', 'the name of a block', name);
  const own = model.layers.filter((layer) => layer.name.startsWith(`${name}.`));
  const join = own.filter(isJoin).at(-1);
  if (join === undefined || join.getClassName() !== 'Add') throw unknownBlock(model, name);
  const paths = [join.getInputAt(0)].flat().map((end) => convolutionsBefore(end, name));
  const branch = paths.find((path) => path.length === 3);
  const rest = paths.filter((path) => path !== branch);
  const [reduce, filter, expand] = branch ?? [];
  const is1x1 = ({ spec }: ConvolutionStep) => spec.filterHeight * spec.filterWidth * spec.groups === 1;
  const isBottleneck =
    branch !== undefined && is1x1(reduce) && is1x1(expand) && !reduce.bias && !filter.bias && !expand.bias;
  if (!isBottleneck || rest.length !== 1 || rest[0].length > 1) throw unknownBlock(model, name);
  const cardinality = filter.spec.groups;
  return { name, cardinality, convolutions: [reduce, filter, expand], projection: rest[0][0] };
}

/**
 * The block in its three equal forms: (a) paths whose outputs are added, (b) paths that are put together before one last
 * convolution, (c) a grouped convolution. Their kernels have the same number of elements, and they compute the same.
 *
 * Source: Xie et al., "Aggregated residual transformations for deep neural networks", arXiv:1611.05431, figure 3.
 *
 * @example
 * blockForms(readResNeXtBlock(model, 'layer1.0')).map(({ weights }) => weights); // [5248, 5248, 5248]
 */
export function blockForms(block: ResNeXtBlock): BlockForm[] {
  checkFields('block', 'a block, as readResNeXtBlock reads it of a model', block, [
    'cardinality',
    'convolutions',
  ]);
  const { cardinality, convolutions } = block;
  const [reduce, filter, expand] = convolutions.map(({ spec }) => spec);
  const kernelSize = [filter.filterHeight, filter.filterWidth] as const;
  const [inside, outOfFilter] = [filter.inChannels / cardinality, filter.outChannels / cardinality];
  const one = (inChannels: number, outChannels: number, times: number): BlockConvolution => {
    return { inChannels, outChannels, kernelSize: [1, 1], groups: 1, times };
  };
  const path = { inChannels: inside, outChannels: outOfFilter, kernelSize, groups: 1, times: cardinality };
  const { inChannels, outChannels } = filter;
  const whole = { inChannels, outChannels, kernelSize, groups: cardinality, times: 1 };
  const form = (name: BlockFormName, ...own: BlockConvolution[]): BlockForm => ({
    name,
    convolutions: own,
    weights: own.reduce((sum, { times, ...convolution }) => sum + times * convParameters(convolution), 0),
  });
  return [
    form(
      'split',
      one(reduce.inChannels, inside, cardinality),
      path,
      one(outOfFilter, expand.outChannels, cardinality),
    ),
    form(
      'concat',
      one(reduce.inChannels, inside, cardinality),
      path,
      one(expand.inChannels, expand.outChannels, 1),
    ),
    form(
      'grouped',
      one(reduce.inChannels, reduce.outChannels, 1),
      whole,
      one(expand.inChannels, expand.outChannels, 1),
    ),
  ];
}

/** The convolutions of a block on the way to a tensor, first to last; empty where it comes from outside. */
function convolutionsBefore(end: tf.SymbolicTensor, name: string): ConvolutionStep[] {
  const found: ConvolutionStep[] = [];
  for (let tensor = end; tensor?.sourceLayer.name.startsWith(`${name}.`); tensor = tensor.inputs[0]) {
    if (isConvolution(tensor.sourceLayer)) found.unshift(...readLayer(tensor.sourceLayer).steps);
  }
  return found;
}

function unknownBlock(model: tf.LayersModel, name: string): Error {
  const joins = model.layers.filter((layer) => layer.getClassName() === 'Add').map((layer) => layer.name);
  const blocks = joins.map((join) => join.split('.').slice(0, -1).join('.')).filter((block) => block !== '');
  const near = nearest(name, blocks);
  const hint = near === undefined || near === name ? '' : ` (did you mean '${near}'?)`;
  const such = blocks.length === 0 ? ', which it has none of' : `: of ${listed(blocks, 8)}${hint}`;
  return invalidArgument(
    'block',
    `a residual block of ${model.name} with a 1x1, a grouped and a 1x1 convolution${such}`,
    name,
  );
}
