import { STYLE } from './theme';

/** One element of an SVG picture. Attributes that are `undefined` are left out. */
export interface SvgElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  readonly children: readonly (SvgElement | string)[];
}

/** An element; texts among the children are escaped when it is written. */
export function element(
  name: string,
  attributes: SvgElement['attributes'] = {},
  ...children: SvgElement['children']
): SvgElement {
  return { name, attributes, children };
}

/** What a whole picture is made of. Lengths are in pixels at the picture's own size. */
export interface SvgPicture {
  readonly width: number;
  readonly height: number;
  /** What a screen reader says first. */
  readonly title: string;
  /** The facts that the picture shows, as sentences. */
  readonly description: string;
  readonly content: readonly SvgElement[];
}

/**
 * A picture as an SVG file that needs nothing else: it has its own background and its own colours for light and dark.
 *
 * @example
 * svgDocument({ width: 20, height: 20, title: 'A dot', description: '', content: [element('circle', { r: 5 })] });
 */
export function svgDocument({ width, height, title, description, content }: SvgPicture): string {
  const size = { width: Math.ceil(width), height: Math.ceil(height) };
  const root = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      ...size,
      viewBox: `0 0 ${size.width} ${size.height}`,
      role: 'img',
      class: 'cardinal-diagram',
    },
    element('title', {}, title),
    element('desc', {}, description),
    element('style', {}, STYLE),
    element('rect', { class: 'background', ...size, rx: 8 }),
    ...content,
  );
  return `${written(root, '')}\n`;
}

function written({ name, attributes, children }: SvgElement, indent: string): string {
  const pairs = Object.entries(attributes)
    .filter((entry): entry is [string, string | number] => entry[1] !== undefined)
    .map(([key, value]) => ` ${key}="${escaped(typeof value === 'number' ? rounded(value) : value)}"`)
    .join('');
  if (children.length === 0) return `${indent}<${name}${pairs}/>`;
  // White space within a text would show.
  const isText = children.some((child) => typeof child === 'string');
  const inner = children.map((child) =>
    typeof child === 'string' ? escaped(child) : written(child, isText ? '' : `${indent} `),
  );
  const body = isText ? inner.join('') : `\n${inner.join('\n')}\n${indent}`;
  return `${indent}<${name}${pairs}>${body}</${name}>`;
}

/** A hundredth of a pixel is more than anybody sees, and the same on every machine. */
export function rounded(length: number): string {
  return String(Math.round(length * 100) / 100);
}

function escaped(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(CONTROLS, '\uFFFD');
}

// XML has no way to write these.
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;
