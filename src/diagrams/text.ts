import { type SvgElement, element } from './svg';

/** How a text looks; the sizes stand in the style sheet of `theme.ts` too. */
export type TextStyle = 'title' | 'strong' | 'normal' | 'small';

const SIZES: Readonly<Record<TextStyle, number>> = { title: 14, strong: 12, normal: 12, small: 11 };
const BOLD: ReadonlySet<TextStyle> = new Set(['title', 'strong']);

/** From one line of a text to the next, in pixels. */
export const LINE_HEIGHT = 17;

// Advance widths in hundredths of the font size of the characters from space to tilde, rounded up, in the widest of the
// fonts that `sans-serif` stands for (DejaVu Sans, as wide as Verdana): whatever font is there, no text is wider.
// prettier-ignore
const REGULAR_WIDTHS = [
  32, 41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84,
  54, 100, 69, 69, 70, 78, 64, 58, 78, 76, 30, 30, 66, 56, 87, 75, 79, 61, 79, 70, 64, 62, 74, 69, 99, 69, 62, 69, 40, 34, 40,
  84, 50, 50, 62, 64, 55, 64, 62, 36, 64, 64, 28, 28, 58, 28, 98, 64, 62, 64, 64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 34,
  64, 84,
];
// prettier-ignore
const BOLD_WIDTHS = [
  35, 46, 53, 84, 70, 101, 88, 31, 46, 46, 53, 84, 38, 42, 38, 37, 70, 70, 70, 70, 70, 70, 70, 70, 70, 70, 40, 40, 84, 84, 84,
  59, 100, 78, 77, 74, 84, 69, 69, 83, 84, 38, 38, 78, 64, 100, 84, 86, 74, 86, 78, 73, 69, 82, 78, 111, 78, 73, 73, 46, 37,
  46, 84, 50, 50, 68, 72, 60, 72, 68, 44, 72, 72, 35, 35, 67, 35, 105, 72, 69, 72, 72, 50, 60, 48, 72, 66, 93, 65, 66, 59, 72,
  37, 72, 84,
];
/** For every other character: a square, the widest there is but for emoji. */
const OTHER_WIDTH = 100;

/**
 * The width of a text in pixels, or a little more: no usual font makes it wider.
 *
 * @example
 * textWidth('512 channels', 'normal'); // 89.64
 */
export function textWidth(text: string, style: TextStyle): number {
  const widths = BOLD.has(style) ? BOLD_WIDTHS : REGULAR_WIDTHS;
  const hundredths = [...text].reduce((sum, character) => {
    const width: number | undefined = widths[(character.codePointAt(0) as number) - 32];
    return sum + (width ?? OTHER_WIDTH);
  }, 0);
  return (hundredths * SIZES[style]) / 100;
}

/** The width of the widest of some texts; 0 for none. */
export function widest(texts: readonly string[], style: TextStyle): number {
  return Math.max(0, ...texts.map((text) => textWidth(text, style)));
}

/** Where a text is. `y` is the middle of its line. */
export interface TextPlace {
  readonly x: number;
  readonly y: number;
  readonly style?: TextStyle;
  readonly anchor?: 'start' | 'middle' | 'end';
  /** Quieter than the rest. */
  readonly muted?: boolean;
}

/** One line of text. */
export function textLine(text: string, place: TextPlace): SvgElement {
  const { x, y, style = 'normal', anchor = 'middle', muted = false } = place;
  const classes = [style === 'normal' ? '' : style, muted ? 'muted' : ''].filter((name) => name !== '');
  return element(
    'text',
    {
      x,
      // The baseline, such that capitals and figures are centred; not every program knows dominant-baseline.
      y: y + SIZES[style] * 0.36,
      'text-anchor': anchor === 'start' ? undefined : anchor,
      class: classes.length === 0 ? undefined : classes.join(' '),
    },
    text,
  );
}

/** 34426698 as `34,426,698`. */
export function withCommas(count: number): string {
  return count.toLocaleString('en-US');
}

/**
 * A count and what is counted, in the singular where it is one.
 *
 * @example
 * counted(1, 'group'); // '1 group'
 */
export function counted(count: number, noun: string): string {
  return `${withCommas(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `3x3` for a height and a width. */
export function sizeText([height, width]: readonly [number, number]): string {
  return `${height}x${width}`;
}
