import { checkFields } from '../check-kinds';
import { checkOptions, type OptionNames } from '../check-options';
import { check, invalidArgument } from '../errors';

/**
 * How the borders are filled with zeros: TensorFlow's `'same'` and `'valid'`, a number of rows and columns on every
 * side (PyTorch's `padding`), `[vertical, horizontal]`, or `[[top, bottom], [left, right]]`.
 */
export type Padding =
  | 'same'
  | 'valid'
  | number
  | readonly [vertical: number, horizontal: number]
  | readonly [rows: readonly [top: number, bottom: number], columns: readonly [left: number, right: number]];

/** Options that a convolution's geometry follows from; a single number stands for both directions. */
export interface ConvOptions {
  groups?: number;
  strides?: number | readonly [number, number];
  padding?: Padding;
  dilations?: number | readonly [number, number];
  /** `'NHWC'`, the one that there is: an option of `tf.conv2d`, whose callers need not leave it out. */
  dataFormat?: 'NHWC';
}

/** The names of {@link ConvOptions}. */
export const CONV_OPTIONS: OptionNames<ConvOptions> = {
  groups: true,
  strides: true,
  padding: true,
  dilations: true,
  dataFormat: true,
};

const SPEC_OPTIONS = { ...CONV_OPTIONS, implementation: true } as const;

/** Zeros added on each side. `kind` says which of TensorFlow's words describes them. */
export interface ResolvedPadding {
  readonly kind: 'same' | 'valid' | 'explicit';
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Everything about one grouped convolution that follows from shapes and options alone. */
export interface ConvSpec {
  readonly batch: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly inChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly groups: number;
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly padding: ResolvedPadding;
}

/**
 * The geometry of a grouped convolution of an input `[batch, height, width, inChannels]` with a filter
 * `[filterHeight, filterWidth, inChannels / groups, outChannels]`.
 *
 * @throws InvalidArgumentError where groups do not divide the channels, the filter does not fit the input, or an
 * option is no positive whole number
 *
 * @example
 * convSpec([1, 32, 32, 8], [3, 3, 4, 16], { groups: 2, padding: 'same' }).outHeight; // 32
 */
export function convSpec(
  inputShape: readonly number[],
  filterShape: readonly number[],
  options: ConvOptions = {},
): ConvSpec {
  checkOptions('convSpec', options, SPEC_OPTIONS);
  checkFormat(options.dataFormat);
  check(isShape(inputShape), 'x', 'a shape [batch, height, width, channels]', inputShape);
  check(
    isShape(filterShape),
    'filter',
    'a shape [height, width, inChannels / groups, outChannels]',
    filterShape,
  );
  const [batch, inHeight, inWidth, inChannels] = inputShape;
  const [filterHeight, filterWidth, filterDepth, outChannels] = filterShape;
  const groups = options.groups ?? 1;
  checkGroups(groups, inChannels, outChannels);
  check(
    filterDepth === inChannels / groups,
    'filter',
    `a depth of ${inChannels / groups} (${inChannels} input channels in ${groups} groups)`,
    filterShape,
  );
  const strides = pair('strides', options.strides ?? 1);
  const dilations = pair('dilations', options.dilations ?? 1);
  const padding = resolvePadding(
    options.padding ?? 'valid',
    [inHeight, inWidth],
    [filterHeight, filterWidth],
    strides,
    dilations,
  );
  const outHeight = outputLength(
    inHeight + padding.top + padding.bottom,
    filterHeight,
    strides[0],
    dilations[0],
  );
  const outWidth = outputLength(
    inWidth + padding.left + padding.right,
    filterWidth,
    strides[1],
    dilations[1],
  );
  check(
    outHeight > 0 && outWidth > 0,
    'x',
    `a padded height and width of at least the filter's ${extent(filterHeight, dilations[0])} x ${extent(filterWidth, dilations[1])}`,
    inputShape,
  );
  return {
    batch,
    inHeight,
    inWidth,
    inChannels,
    outHeight,
    outWidth,
    outChannels,
    filterHeight,
    filterWidth,
    groups,
    strides,
    dilations,
    padding,
  };
}

/**
 * Throws unless `groups` divides both channel counts; the message lists the groups that do.
 *
 * @param inChannels `undefined` where they are not known yet, and the filters alone can be judged by
 *
 * @example
 * checkGroups(3, 8, 16); // groups: expected a divisor of both … (1, 2, 4, 8). Received: 3.
 */
export function checkGroups(groups: number, inChannels: number | undefined, outChannels: number): void {
  const counts = inChannels === undefined ? [outChannels] : [inChannels, outChannels];
  const valid = (divisor: number) => counts.every((count) => count % divisor === 0);
  if (Number.isInteger(groups) && groups > 0 && valid(groups)) return;
  const choices = divisors(Math.min(...counts)).filter(valid);
  const filters = `the ${outChannels} filters`;
  const both = inChannels === undefined ? filters : `both the ${inChannels} input channels and ${filters}`;
  throw invalidArgument('groups', `a divisor of ${both} (${choices.join(', ')})`, groups);
}

/** The output shape `[batch, outHeight, outWidth, outChannels]`. */
export function outputShape(spec: ConvSpec): [number, number, number, number] {
  return [spec.batch, spec.outHeight, spec.outWidth, spec.outChannels];
}

/** The input shape `[batch, inHeight, inWidth, inChannels]`. */
export function inputShape(spec: ConvSpec): [number, number, number, number] {
  return [spec.batch, spec.inHeight, spec.inWidth, spec.inChannels];
}

/** The filter shape `[filterHeight, filterWidth, inChannels / groups, outChannels]`. */
export function filterShape(spec: ConvSpec): [number, number, number, number] {
  return [spec.filterHeight, spec.filterWidth, spec.inChannels / spec.groups, spec.outChannels];
}

/** Multiply-accumulates for one image; a bias counts none, as is usual in the field. */
export function convMacs(spec: ConvSpec): number {
  checkFields('spec', 'a geometry, as convSpec makes it', spec, ['outHeight', 'filterHeight', 'padding']);
  const [height, width, depth, outChannels] = filterShape(spec);
  return spec.outHeight * spec.outWidth * height * width * depth * outChannels;
}

/** What {@link convParameters} counts. */
export interface ConvParametersOptions {
  inChannels: number;
  outChannels: number;
  kernelSize: readonly [number, number];
  groups?: number;
  bias?: boolean;
}

const PARAMETERS_OPTIONS: OptionNames<ConvParametersOptions> = {
  inChannels: true,
  outChannels: true,
  kernelSize: true,
  groups: true,
  bias: true,
};

/**
 * Weights of a grouped convolution: the cost of a dense one divided by `groups`, and one bias an output channel.
 *
 * @example
 * convParameters({ inChannels: 8, outChannels: 16, kernelSize: [3, 3], groups: 2, bias: true }); // 592
 */
export function convParameters(convolution: ConvParametersOptions): number {
  checkOptions('convParameters', convolution, PARAMETERS_OPTIONS);
  const { inChannels, outChannels, groups = 1, bias = false } = convolution;
  for (const [name, count] of Object.entries({ inChannels, outChannels })) {
    check(Number.isSafeInteger(count) && count > 0, name, 'a whole number of at least 1', count);
  }
  const kernelSize = pair('kernelSize', convolution.kernelSize);
  checkGroups(groups, inChannels, outChannels);
  return kernelSize[0] * kernelSize[1] * (inChannels / groups) * outChannels + (bias ? outChannels : 0);
}

/** `[n, n]` for `n`; throws unless both are whole numbers of at least `least`. */
export function pair(argument: string, value: unknown, least = 1): [number, number] {
  const both: unknown[] = Array.isArray(value) ? value : [value, value];
  check(
    both.length === 2 && both.every((entry) => Number.isInteger(entry) && (entry as number) >= least),
    argument,
    `a whole number of at least ${least}, or two of them`,
    value,
  );
  return [both[0] as number, both[1] as number];
}

/** Positions that a filter of `kernel` taps takes along a padded axis of `padded` elements. */
export function outputLength(padded: number, kernel: number, stride: number, dilation: number): number {
  return Math.floor((padded - extent(kernel, dilation)) / stride) + 1;
}

/** Zeros on each side for a padding option, given the sizes as `[height, width]`. */
export function resolvePadding(
  padding: Padding,
  input: readonly [number, number],
  kernel: readonly [number, number],
  strides: readonly [number, number],
  dilations: readonly [number, number],
): ResolvedPadding {
  const same = [0, 1].map((axis) => sameSides(input[axis], kernel[axis], strides[axis], dilations[axis]));
  const sides = padding === 'valid' ? [[0, 0], [0, 0]] : padding === 'same' ? same : explicitSides(padding); // prettier-ignore
  const [[top, bottom], [left, right]] = sides;
  // Explicit zeros that happen to be what 'same' or 'valid' mean take the kernels that know only those words.
  const equals = (other: number[][]) =>
    sides.every((side, axis) => side.every((n, end) => n === other[axis][end]));
  const kind = equals([[0, 0], [0, 0]]) ? 'valid' : equals(same) ? 'same' : 'explicit'; // prettier-ignore
  return { kind, top, bottom, left, right };
}

/** Throws unless `padding` is one of the forms of {@link Padding}. */
export function checkPadding(padding: unknown): asserts padding is Padding {
  if (padding !== 'same' && padding !== 'valid') explicitSides(padding);
}

function explicitSides(padding: unknown): number[][] {
  const whole = (entry: unknown): entry is number => Number.isInteger(entry) && (entry as number) >= 0;
  if (whole(padding)) return [[padding, padding], [padding, padding]]; // prettier-ignore
  if (Array.isArray(padding) && padding.length === 2) {
    const [rows, columns] = padding as unknown[];
    if (whole(rows) && whole(columns)) return [[rows, rows], [columns, columns]]; // prettier-ignore
    const sides = [rows, columns].filter(
      (side): side is number[] => Array.isArray(side) && side.length === 2 && side.every(whole),
    );
    if (sides.length === 2) return sides;
  }
  throw invalidArgument(
    'padding',
    "'same', 'valid', a whole number of at least 0, [vertical, horizontal] or [[top, bottom], [left, right]]",
    padding,
  );
}

/** TensorFlow's 'same': the output has `ceil(input / stride)` elements, and an odd zero goes to the end. */
function sameSides(input: number, kernel: number, stride: number, dilation: number): number[] {
  const total = Math.max(0, (Math.ceil(input / stride) - 1) * stride + extent(kernel, dilation) - input);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

function extent(kernel: number, dilation: number): number {
  return (kernel - 1) * dilation + 1;
}

function isShape(shape: unknown): boolean {
  return Array.isArray(shape) && shape.length === 4;
}

function checkFormat(format: unknown): void {
  const expected =
    "'NHWC', the one that there is: channels come last (the layer groupedConv2D has channelsFirst)";
  check(format === undefined || format === 'NHWC', 'dataFormat', expected, format);
}

function divisors(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1).filter((divisor) => count % divisor === 0);
}
