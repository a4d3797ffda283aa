import { DOMParser, type Document, type Element } from '@xmldom/xmldom';
import { type TextStyle, textWidth } from '../../src/diagrams/text';

/** A rectangle in a picture. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A text of a picture, where it is, and what it must stay in: the shape that it stands with, or the picture. */
export interface PlacedText extends Box {
  readonly text: string;
  readonly within: Box;
}

/** An SVG file, parsed as the XML that it has to be. */
export function parseSvg(svg: string): Document {
  const fail = (level: string, message: string) => {
    throw new Error(`${level}: ${message}`);
  };
  return new DOMParser({ onError: fail }).parseFromString(svg, 'image/svg+xml');
}

/** All elements of a name, in a document or below an element, whose class has a word. */
export function all(within: Document | Element, name: string, className?: string): Element[] {
  const found = [...within.getElementsByTagName(name)];
  return found.filter((one) => className === undefined || classes(one).includes(className));
}

export function classes(element: Element): string[] {
  return (element.getAttribute('class') ?? '').split(' ');
}

export function attribute(element: Element, name: string): number {
  return Number(element.getAttribute(name));
}

/** The texts of a picture by the widths that it is laid out with. */
export function placedTexts(document: Document): PlacedText[] {
  const root = document.documentElement as Element;
  const picture = { left: 0, top: 0, right: attribute(root, 'width'), bottom: attribute(root, 'height') };
  return all(document, 'text').map((element) => {
    const text = element.textContent ?? '';
    const style = (['title', 'strong', 'small'] as const).find((one) => classes(element).includes(one));
    const size = style === 'title' ? 14 : style === 'small' ? 11 : 12;
    const width = textWidth(text, (style ?? 'normal') satisfies TextStyle);
    const [x, y] = [attribute(element, 'x'), attribute(element, 'y')];
    const left =
      x - { middle: width / 2, end: width, start: 0 }[element.getAttribute('text-anchor') ?? 'start']!;
    // Figures, capitals and what reaches below the line; accents are not there.
    return {
      text,
      left,
      right: left + width,
      top: y - 0.78 * size,
      bottom: y + 0.24 * size,
      within: shapeBeside(element) ?? picture,
    };
  });
}

/** The first child of the group that a text is in, where it is a shape. */
function shapeBeside(text: Element): Box | undefined {
  const first = [...(text.parentNode as Element).childNodes].find((node) => node.nodeType === 1) as Element;
  if (first.tagName === 'rect') {
    const [left, top] = [attribute(first, 'x'), attribute(first, 'y')];
    return { left, top, right: left + attribute(first, 'width'), bottom: top + attribute(first, 'height') };
  }
  if (first.tagName !== 'path') return undefined;
  const numbers = (first.getAttribute('d') ?? '').match(/-?[\d.]+/g)?.map(Number) ?? [];
  const [xs, ys] = [0, 1].map((odd) => numbers.filter((_, index) => index % 2 === odd));
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

/** What is wrong with the texts of a picture: those that leave what they stand in, and those that meet another. */
export function textFaults(document: Document): string[] {
  const texts = placedTexts(document);
  const leaving = texts.filter(
    ({ left, right, top, bottom, within }) =>
      left < within.left || right > within.right || top < within.top || bottom > within.bottom,
  );
  const meeting = texts.flatMap((one, index) =>
    texts
      .slice(index + 1)
      .filter(
        (other) =>
          one.left < other.right &&
          other.left < one.right &&
          one.top < other.bottom &&
          other.top < one.bottom,
      )
      .map((other) => `'${one.text}' meets '${other.text}'`),
  );
  return [...leaving.map(({ text }) => `'${text}' leaves its box`), ...meeting];
}
