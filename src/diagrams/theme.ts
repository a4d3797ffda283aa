/** Colours of one appearance. */
export interface Palette {
  readonly background: string;
  readonly text: string;
  readonly muted: string;
  readonly frame: string;
  readonly box: string;
  /** Of groups, which take them in turn; a test holds neighbours apart for all kinds of colour blindness. */
  readonly groups: readonly string[];
}

// After Okabe and Ito, "Color universal design", darker here and lighter there until each stands out of the background.
export const LIGHT: Palette = {
  background: '#ffffff',
  text: '#1f2328',
  muted: '#59636e',
  frame: '#c4ccd5',
  box: '#f3f5f8',
  groups: ['#0072b2', '#c85a00', '#a33c8f', '#7a1f3d', '#00805f', '#3b4a9e', '#8a6d00'],
};

export const DARK: Palette = {
  background: '#0d1117',
  text: '#e6edf3',
  muted: '#9aa4af',
  frame: '#454d57',
  box: '#171d26',
  groups: ['#56b4e9', '#f0883e', '#34c79b', '#d67fd0', '#f0d65a', '#8f9bff', '#c2576b'],
};

/** The system's own sans serif, whichever that is. Texts are measured by the widest of them. */
const FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";

// Every rule begins with the class of the picture, since one that is put into a page shares its style sheet.
function rules(palette: Palette): string {
  const of = (selector: string, declarations: string) => `.cardinal-diagram ${selector}{${declarations}}`;
  return [
    of('.background', `fill:${palette.background}`),
    of('text', `fill:${palette.text}`),
    of('.muted', `fill:${palette.muted}`),
    of('.frame', `stroke:${palette.frame}`),
    of('.box', `fill:${palette.box};stroke:${palette.frame}`),
    of('.node', `fill:${palette.background};stroke:${palette.frame}`),
    of('.plain', `stroke:${palette.muted}`),
    of('.plain-fill', `fill:${palette.muted}`),
    ...palette.groups.flatMap((color, index) => [
      of(`.line${index}`, `stroke:${color}`),
      of(`.fill${index}`, `fill:${color}`),
    ]),
  ].join('\n');
}

/** The style sheet of every picture. */
export const STYLE = [
  '',
  `.cardinal-diagram text{font-family:${FONT};font-size:12px}`,
  '.cardinal-diagram .title{font-size:14px;font-weight:600}',
  '.cardinal-diagram .strong{font-weight:600}',
  '.cardinal-diagram .small{font-size:11px}',
  '.cardinal-diagram .frame{fill:none}',
  '.cardinal-diagram .edge{fill:none;stroke-width:1.4}',
  rules(LIGHT),
  `@media (prefers-color-scheme:dark){\n${rules(DARK)}\n}`,
  '',
].join('\n');

/** Classes of what belongs to a group: `line` for strokes, `fill` for areas. Groups take the colours in turn. */
export function groupClass(kind: 'line' | 'fill', group: number): string {
  return `${kind}${group % LIGHT.groups.length}`;
}
