import type { ConvolutionStep } from './convolution-form';
import type { BlockConvolution, BlockForm, ResNeXtBlock } from './resnext-block';
import { counted, sizeText, textWidth } from './text';

/** A box with a text: a convolution, or a value. `x` is its middle, from the middle of the branch; `row` counts down. */
export interface FormBox {
  readonly kind: 'convolution' | 'value';
  readonly text: string;
  readonly x: number;
  readonly row: number;
  readonly width: number;
  /** The path that it is in, from 0; `undefined` for what is there once. */
  readonly path?: number;
  /** The groups of a grouped convolution. */
  readonly groups?: number;
}

/** Paths that are left out, and the rows that their dots stand in. */
export interface FormGap {
  readonly text: string;
  readonly x: number;
  readonly rows: readonly number[];
}

/** Where everything of one form of a block goes. */
export interface FormLayout {
  readonly boxes: readonly FormBox[];
  readonly arrows: readonly { readonly from: FormBox; readonly to: FormBox; readonly path?: number }[];
  readonly gaps: readonly FormGap[];
  readonly input: FormBox;
  readonly sum: FormBox;
  /** The convolution of the shortcut, or nothing, and where the shortcut goes down. */
  readonly shortcut: { readonly x: number; readonly box?: FormBox };
  /** Ends of the whole, from the middle of the branch. */
  readonly left: number;
  readonly right: number;
}

/** The row of the sum of branch and shortcut; the block's input is row 0. */
export const LAST_ROW = 5;
/** Of more paths than this the first two and the last are drawn. */
const MOST_PATHS = 4;
const PADDING = 10;
const PATH_GAP = 14;

/** Where the boxes of a form go. */
export function formLayout(block: ResNeXtBlock, form: BlockForm): FormLayout {
  const [{ spec: reduce }, , { spec: expand }] = block.convolutions;
  const input = value(counted(reduce.inChannels, 'channel'), 0);
  const sum = value(`add: ${counted(expand.outChannels, 'channel')}`, LAST_ROW);
  const [boxes, arrows, gaps] = branchOf(block, form, input, sum);
  const half = Math.max(...[...boxes, input, sum].map(({ x, width }) => Math.abs(x) + width / 2));
  const { projection } = block;
  const alone = projection === undefined ? undefined : convolution(asBlockConvolution(projection), 0, 2.5);
  const x = half + 16 + (alone === undefined ? 0 : alone.width / 2);
  return {
    boxes: [input, ...boxes, sum],
    arrows,
    gaps,
    input,
    sum,
    shortcut: { x, ...(alone !== undefined && { box: { ...alone, x } }) },
    left: -half,
    right: x + (alone === undefined ? 4 : alone.width / 2),
  };
}

type Branch = [boxes: FormBox[], arrows: FormLayout['arrows'][number][], gaps: FormGap[]];

function branchOf(
  { cardinality }: ResNeXtBlock,
  { name, convolutions }: BlockForm,
  input: FormBox,
  sum: FormBox,
): Branch {
  if (name === 'grouped') {
    const boxes = convolutions.map((one, index) => convolution(one, 0, [1, 2.5, 4][index]));
    return [boxes, inARow([input, ...boxes, sum]), []];
  }
  const isPath = (one: BlockConvolution, index: number) =>
    index < 2 || (name === 'split' && one.times === cardinality);
  const inPath = convolutions.filter(isPath);
  const after = convolutions.slice(inPath.length);
  const depth = inPath.length;
  const joined =
    after.length === 0
      ? `sum of ${counted(cardinality, 'path')}`
      : `concat: ${counted(after[0].inChannels, 'channel')}`;
  const tail = [value(joined, depth + 1), ...after.map((one) => convolution(one, 0, depth + 2))];
  const boxes: FormBox[] = [];
  const arrows = inARow([...tail, sum]);
  const gaps: FormGap[] = [];
  const gapText = counted(cardinality, 'path');
  const paths: readonly (number | undefined)[] =
    cardinality <= MOST_PATHS
      ? Array.from({ length: cardinality }, (_, path) => path)
      : [0, 1, undefined, cardinality - 1];
  const pathWidth = Math.max(...inPath.map((one) => convolution(one, 0, 0).width));
  const widths = paths.map((path) =>
    path === undefined ? textWidth(gapText, 'small') + PADDING : pathWidth,
  );
  let left = -(widths.reduce((all, width) => all + width) + (paths.length - 1) * PATH_GAP) / 2;
  paths.forEach((path, index) => {
    const x = left + widths[index] / 2;
    left += widths[index] + PATH_GAP;
    if (path === undefined) {
      gaps.push({ text: gapText, x, rows: inPath.map((_, row) => row + 1) });
      return;
    }
    const own = inPath.map((one, row) => ({ ...convolution(one, x, row + 1), width: pathWidth, path }));
    boxes.push(...own);
    arrows.push(...inARow([input, ...own, tail[0]], path));
  });
  return [[...boxes, ...tail], arrows, gaps];
}

function inARow(boxes: readonly FormBox[], path?: number): FormLayout['arrows'][number][] {
  return boxes.slice(1).map((to, index) => ({ from: boxes[index], to, path }));
}

function value(text: string, row: number): FormBox {
  return { kind: 'value', text, x: 0, row, width: textWidth(text, 'normal') + 2 * PADDING + 4 };
}

/** As the paper writes it: input channels, filter, output channels. */
function convolution(
  { inChannels, outChannels, kernelSize, groups }: BlockConvolution,
  x: number,
  row: number,
): FormBox {
  const inGroups = groups === 1 ? '' : `, ${groups} groups`;
  const text = `${inChannels}, ${sizeText(kernelSize)}, ${outChannels}${inGroups}`;
  return {
    kind: 'convolution',
    text,
    x,
    row,
    width: textWidth(text, 'normal') + 2 * PADDING,
    ...(groups > 1 && { groups }),
  };
}

function asBlockConvolution({ spec }: ConvolutionStep): BlockConvolution {
  const { inChannels, outChannels, groups, filterHeight, filterWidth } = spec;
  return { inChannels, outChannels, groups, kernelSize: [filterHeight, filterWidth], times: 1 };
}
