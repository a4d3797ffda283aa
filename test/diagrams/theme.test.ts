import { DARK, LIGHT, type Palette } from '../../src/diagrams/theme';

type Color = readonly number[];

/** Red, green and blue of `#rrggbb`, from 0 to 1, linear. */
function linear(hex: string): Color {
  const channels = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
  return channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
}

/** WCAG 2.2's ratio. */
function contrast(one: string, other: string): number {
  const [lighter, darker] = [one, other]
    .map((hex) => linear(hex).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0))
    .sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

/** What colours become for each kind of colour blindness: Machado et al. 2009, at full severity, in linear light. */
const VISION: Readonly<Record<string, readonly Color[]>> = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}; // prettier-ignore

/** Ottosson's OKLab. */
function oklab([r, g, b]: Color): Color {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function seenBy(vision: string, hex: string): Color {
  const color = linear(hex);
  const seen = VISION[vision].map((row) => row.reduce((sum, weight, i) => sum + weight * color[i], 0));
  return oklab(seen.map((c) => Math.min(1, Math.max(0, c))));
}

describe.each<[string, Palette]>([
  ['light', LIGHT],
  ['dark', DARK],
])('the colours for %s', (_, palette) => {
  test('texts can be read, and lines seen, on what they stand on', () => {
    for (const ground of [palette.background, palette.box]) {
      for (const text of [palette.text, palette.muted]) expect(contrast(text, ground)).toBeGreaterThan(4.5);
      for (const group of palette.groups) expect(contrast(group, ground)).toBeGreaterThan(3);
    }
  });

  test.each(Object.keys(VISION))('neighbouring groups differ with %s', (vision) => {
    palette.groups.forEach((group, index) => {
      const next = palette.groups[(index + 1) % palette.groups.length];
      const [a, b] = [group, next].map((hex) => seenBy(vision, hex));
      // A difference of 0.02 is just noticed.
      expect(Math.hypot(...a.map((value, i) => value - b[i]))).toBeGreaterThan(0.08);
    });
  });
});

test('light and dark have as many colours', () => {
  expect(DARK.groups).toHaveLength(LIGHT.groups.length);
});
