import {
  type ConvolutionForm,
  type ConvolutionKind,
  type ConvolutionStep,
  checkForm,
  convolutionForm,
  formOptions,
  formTitle,
} from './convolution-form';

/** A product, or a sum, with the numbers put in. */
export interface Calculation {
  /** Such as `[3, 3, 4, 16]`. */
  readonly terms: readonly number[];
  readonly result: number;
}

/** How the figures of one convolution come about. */
export interface StepArithmetic {
  readonly kernelSize: readonly [number, number];
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  readonly outHeight: number;
  readonly outWidth: number;
  /** Kernel height · kernel width · input channels of a group · output channels. */
  readonly weights: Calculation;
  /** One an output channel, or 0. */
  readonly biases: number;
  readonly parameters: number;
  /** Output height · output width · weights. */
  readonly macs: Calculation;
  /** Pairs of an input channel and an output channel that reads it: input channels of a group · output channels. */
  readonly connections: Calculation;
}

/** How the figures of a form come about, and what is left of those of the standard convolution. */
export interface FormArithmetic {
  readonly kind: ConvolutionKind;
  readonly title: string;
  readonly steps: readonly StepArithmetic[];
  readonly parameters: number;
  readonly macs: number;
  /** Shares of the standard convolution with the same channels, kernel, stride and bias; 1 for itself. */
  readonly share: { readonly parameters: number; readonly macs: number };
}

/**
 * The figures of a form as calculations with the numbers put in.
 *
 * @example
 * formArithmetic(convolutionForm({ inChannels: 8, outChannels: 16, groups: 2 })).steps[0].weights; // { terms: [3, 3, 4, 16], result: 576 }
 */
export function formArithmetic(form: ConvolutionForm): FormArithmetic {
  checkForm(form);
  const standard = standardOf(form);
  const { kind, parameters, macs } = form;
  return {
    kind,
    title: formTitle(form),
    steps: form.steps.map(stepArithmetic),
    parameters,
    macs,
    share: { parameters: parameters / standard.parameters, macs: macs / standard.macs },
  };
}

/** The convolution of one group that has the channels, kernel, stride, padding and bias of a form. */
function standardOf(form: ConvolutionForm): ConvolutionForm {
  return convolutionForm({ ...formOptions(form), groups: 1 });
}

function stepArithmetic({ spec, bias, parameters, macs }: ConvolutionStep): StepArithmetic {
  const { inChannels, outChannels, groups, filterHeight, filterWidth, outHeight, outWidth } = spec;
  const biases = bias ? outChannels : 0;
  const kernel = [filterHeight, filterWidth, inChannels / groups, outChannels];
  return {
    kernelSize: [filterHeight, filterWidth],
    inChannels,
    outChannels,
    groups,
    outHeight,
    outWidth,
    weights: { terms: kernel, result: parameters - biases },
    biases,
    parameters,
    macs: { terms: [outHeight, outWidth, ...kernel], result: macs },
    connections: { terms: kernel.slice(2), result: (inChannels / groups) * outChannels },
  };
}
