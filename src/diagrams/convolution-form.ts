import { checkFields } from '../check-kinds';
import { checkOptions, type OptionNames } from '../check-options';
import { check } from '../errors';
import {
  CONV_OPTIONS,
  type ConvOptions,
  type ConvSpec,
  convMacs,
  convParameters,
  convSpec,
  pair,
} from '../ops/conv-spec';

/** One convolution, as a person would describe it. A single number stands for both directions. */
export interface ConvolutionOptions extends ConvOptions {
  inChannels: number;
  outChannels: number;
  /** 3 by default. */
  kernelSize?: number | readonly [number, number];
  /** Height and width of the input in pixels, which multiply-accumulates depend on; 32 by default. */
  size?: number | readonly [number, number];
  /** Whether each output channel adds a bias; `true` by default, as in `tf.layers.conv2d`. */
  bias?: boolean;
}

const OPTIONS: OptionNames<ConvolutionOptions> = {
  inChannels: true,
  outChannels: true,
  kernelSize: true,
  size: true,
  bias: true,
  ...CONV_OPTIONS,
};

/** What kind of convolution it is, by its groups. */
export type ConvolutionKind = 'standard' | 'grouped' | 'depthwise' | 'depthwise separable';

/** One convolution of a {@link ConvolutionForm}. */
export interface ConvolutionStep {
  /** Its geometry, for one image. */
  readonly spec: ConvSpec;
  readonly bias: boolean;
  readonly parameters: number;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
}

/** A way to get from the input channels to the output channels: one convolution, or two where it is separable. */
export interface ConvolutionForm {
  readonly kind: ConvolutionKind;
  readonly steps: readonly ConvolutionStep[];
  readonly parameters: number;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
}

/**
 * A form made of one convolution, or of a depthwise one and the 1x1 convolution after it.
 *
 * @example
 * formOf([convolutionStep({ inChannels: 8, outChannels: 8, groups: 8 })]).kind; // 'depthwise'
 */
export function formOf(steps: readonly ConvolutionStep[]): ConvolutionForm {
  const sum = (figure: 'parameters' | 'macs') => steps.reduce((sofar, step) => sofar + step[figure], 0);
  return { kind: kindOf(steps), steps, parameters: sum('parameters'), macs: sum('macs') };
}

function kindOf([{ spec }, ...more]: readonly ConvolutionStep[]): ConvolutionKind {
  if (more.length > 0) return 'depthwise separable';
  if (spec.groups === 1) return 'standard';
  return spec.groups === spec.inChannels ? 'depthwise' : 'grouped';
}

/**
 * A convolution with what it costs. It is depthwise where every input channel has a group of its own. Padding is
 * `'same'` by default.
 *
 * @throws InvalidArgumentError for channels, groups or sizes that do not fit
 *
 * @example
 * convolutionForm({ inChannels: 8, outChannels: 16, groups: 2 }).parameters; // 592
 */
export function convolutionForm(options: ConvolutionOptions): ConvolutionForm {
  checkOptions('convolutionForm', options, OPTIONS);
  return formOf([convolutionStep(options)]);
}

/**
 * The convolution that filters each channel alone, then a 1x1 convolution that mixes them: what stands in for the one
 * described in a MobileNet (Howard et al., arXiv:1704.04861). The stride is the first one's.
 *
 * @throws InvalidArgumentError for channels or sizes that do not fit
 *
 * @example
 * separableForm({ inChannels: 8, outChannels: 16 }).parameters; // 224
 */
export function separableForm(options: ConvolutionOptions): ConvolutionForm {
  checkOptions('separableForm', options, OPTIONS);
  const { inChannels, outChannels, bias } = options;
  const depthwise = convolutionStep({ ...options, outChannels: inChannels, groups: inChannels });
  const { outHeight, outWidth } = depthwise.spec;
  const pointwise = convolutionStep({
    inChannels,
    outChannels,
    bias,
    kernelSize: 1,
    size: [outHeight, outWidth],
  });
  return formOf([depthwise, pointwise]);
}

/**
 * A convolution and what it could be instead: with one group, with the groups that are asked for, and depthwise
 * separable. A form that is one of the others already is not there twice.
 *
 * @throws InvalidArgumentError as {@link convolutionForm}
 *
 * @example
 * alternativeForms({ inChannels: 8, outChannels: 16, groups: 2 }).map(({ parameters }) => parameters); // [1168, 592, 224]
 */
export function alternativeForms(options: ConvolutionOptions): ConvolutionForm[] {
  checkOptions('alternativeForms', options, OPTIONS);
  const { groups = 1 } = options;
  const grouped = groups === 1 ? [] : [convolutionForm(options)];
  return [convolutionForm({ ...options, groups: 1 }), ...grouped, separableForm(options)];
}

/** Throws unless a value is a form. */
export function checkForm(form: unknown): void {
  checkFields('form', 'a form of a convolution, as convolutionForm makes it', form, ['kind', 'steps']);
}

/** What a form was made of: the whole convolution's channels, geometry, groups (1 where it is separable) and bias. */
export function formOptions(form: ConvolutionForm): ConvolutionOptions {
  checkForm(form);
  const { steps } = form;
  const [{ spec }] = steps;
  const { spec: last, bias } = steps[steps.length - 1];
  const { top, bottom, left, right } = spec.padding;
  return {
    inChannels: spec.inChannels,
    outChannels: last.outChannels,
    kernelSize: [spec.filterHeight, spec.filterWidth],
    groups: steps.length === 1 ? spec.groups : 1,
    size: [spec.inHeight, spec.inWidth],
    strides: spec.strides,
    dilations: spec.dilations,
    padding: [[top, bottom], [left, right]], // prettier-ignore
    bias,
  };
}

/**
 * What a form is called.
 *
 * @example
 * formTitle(convolutionForm({ inChannels: 8, outChannels: 16, groups: 2 })); // 'Grouped, 2 groups'
 */
export function formTitle(form: ConvolutionForm): string {
  checkForm(form);
  const { kind, steps } = form;
  const name = `${kind[0].toUpperCase()}${kind.slice(1)}`;
  return kind === 'grouped' ? `${name}, ${steps[0].spec.groups} groups` : name;
}

/** One convolution with what it costs, for {@link formOf}. */
export function convolutionStep(options: ConvolutionOptions): ConvolutionStep {
  const { inChannels, outChannels, groups = 1, bias = true, padding = 'same' } = options;
  for (const [name, count] of Object.entries({ inChannels, outChannels })) {
    check(Number.isSafeInteger(count) && count > 0, name, 'a whole number of at least 1', count);
  }
  const kernelSize = pair('kernelSize', options.kernelSize ?? 3);
  const size = pair('size', options.size ?? 32);
  const parameters = convParameters({ inChannels, outChannels, kernelSize, groups, bias });
  const filterShape = [...kernelSize, inChannels / groups, outChannels];
  const { strides, dilations, dataFormat } = options;
  const spec = convSpec([1, ...size, inChannels], filterShape, {
    groups,
    strides,
    dilations,
    padding,
    dataFormat,
  });
  return { spec, bias, parameters, macs: convMacs(spec) };
}
