import { invalidArgument } from '../../src/errors';
import type { ConvolutionOptions } from '../../src/diagrams/convolution-form';
import { type ValueOption, option, whole } from './train-options';

/** The options that describe a convolution. `--no-bias` goes with them. */
export const CONVOLUTION_OPTIONS: readonly ValueOption[] = [
  option('--in', 'n', 'input channels', whole('--in', 1)),
  option('--out', 'n', 'output channels', whole('--out', 1)),
  option('--kernel', 'n', 'height and width of the filter (3)', whole('--kernel', 1)),
  option('--groups', 'n', 'groups that the channels are divided into (1)', whole('--groups', 1)),
  option('--size', 'px', 'height and width of the input (32)', whole('--size', 1)),
  option('--stride', 'n', 'pixels from one output to the next (1)', whole('--stride', 1)),
];

/** Those options as commander gives them; `bias` is true unless `--no-bias` is there. */
export interface ConvolutionFlags {
  readonly in?: number;
  readonly out?: number;
  readonly kernel?: number;
  readonly groups?: number;
  readonly size?: number;
  readonly stride?: number;
  readonly bias: boolean;
}

/** The convolution that the options describe; throws where they leave its channels open. */
export function convolutionFromFlags(flags: ConvolutionFlags): ConvolutionOptions {
  for (const name of ['in', 'out'] as const) {
    if (flags[name] === undefined) throw invalidArgument(`--${name}`, 'a number of channels', 'nothing');
  }
  const { kernel, groups, size, stride, bias } = flags;
  const [inChannels, outChannels] = [flags.in as number, flags.out as number];
  return { inChannels, outChannels, kernelSize: kernel, groups, size, strides: stride, bias };
}
