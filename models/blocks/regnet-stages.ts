import { roundHalfToEven } from '../../src/ops/round-half-to-even';

/** The numbers that span the design space of RegNet. */
export interface RegNetParameters {
  /** Blocks in all. */
  readonly depth: number;
  /** Width that the line begins at; a multiple of 8. */
  readonly initialWidth: number;
  /** What the line rises by a block. */
  readonly slope: number;
  /** Ratio of the widths of neighbouring stages, before they are rounded. */
  readonly ratio: number;
  /** Channels of one group of the 3x3 convolutions, where a stage has as many. */
  readonly groupWidth: number;
}

export interface RegNetStage {
  readonly depth: number;
  readonly width: number;
  readonly groupWidth: number;
}

const MULTIPLE = 8;

/**
 * The stages of a RegNet whose bottlenecks are as wide inside as outside.
 *
 * The width of block `j` lies on the line `initialWidth + slope * j`; it is moved to the nearest of
 * `initialWidth * ratio ** k` (nearest by its exponent), then to a multiple of 8, and blocks of one width make a stage.
 * At last each stage's width becomes a multiple of its group width.
 *
 * Source: Radosavovic et al., "Designing network design spaces", arXiv:2003.13678, section 3.3, equations 2 to 4. The
 * last step is not in the paper, but in the authors' and torchvision's code.
 *
 * @example
 * // RegNetX-400MF
 * regnetStages({ depth: 22, initialWidth: 24, slope: 24.48, ratio: 2.54, groupWidth: 16 }).map(({ width }) => width);
 * // [32, 64, 160, 400]
 */
export function regnetStages(parameters: RegNetParameters): RegNetStage[] {
  const depths = new Map<number, number>();
  for (let block = 0; block < parameters.depth; block++) {
    const width = quantisedWidth(block, parameters);
    depths.set(width, (depths.get(width) ?? 0) + 1);
  }
  return [...depths].map(([width, depth]) => {
    const groupWidth = Math.min(parameters.groupWidth, width);
    return { depth, width: nearestMultiple(width, groupWidth), groupWidth };
  });
}

function quantisedWidth(block: number, { initialWidth, slope, ratio }: RegNetParameters): number {
  const linear = initialWidth + slope * block;
  const exponent = roundHalfToEven(Math.log(linear / initialWidth) / Math.log(ratio));
  // RegNetX-1.6GF has a width of 180, which is 22.5 times 8 and has to become 176.
  return roundHalfToEven((initialWidth * ratio ** exponent) / MULTIPLE) * MULTIPLE;
}

/**
 * The multiple of `divisor` nearest to `width`, or the next above where the nearest is more than a tenth below.
 *
 * Of two that are equally near it is the greater, as in torchvision. The authors' code and timm take the even one: 384 for
 * the last stage of RegNetX-400MF, and 128 and 768 in RegNetY-800MF, where torchvision and its weights have 400, 144, 784.
 */
function nearestMultiple(width: number, divisor: number): number {
  const rounded = Math.max(divisor, Math.round(width / divisor) * divisor);
  return rounded < 0.9 * width ? rounded + divisor : rounded;
}
