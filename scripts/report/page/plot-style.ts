import type { PlotSpec } from '../../plots/render-svg';

/** How many colours the page has for groups; with more groups they come again, and the numbers tell them apart. */
const COLOURS = 8;

/** The colour of a group everywhere on the page, which the page's style gives a value for light and one for dark. */
export function groupColour(group: number): string {
  return `var(--group-${(group % COLOURS) + 1})`;
}

/** The dashes of a group's lines: solid, and broken ones where its colour comes again. */
export function groupDash(group: number): number[] {
  const turn = Math.floor(group / COLOURS);
  return turn === 0 ? [1, 0] : [6 / turn, 3];
}

/** Colours are the page's, so that plots follow its theme. What is read aloud is the page's own text, not Vega's. */
export const PLOT_CONFIG: PlotSpec = {
  background: 'transparent',
  font: 'system-ui, sans-serif',
  aria: false,
  view: { stroke: null },
  axis: {
    labelColor: 'var(--muted)',
    labelFontSize: 13,
    labelLimit: 0,
    labelFlush: false,
    titleColor: 'var(--muted)',
    titleFontSize: 13,
    titleFontWeight: 'normal',
    gridColor: 'var(--rule)',
    domainColor: 'var(--axis)',
    tickColor: 'var(--axis)',
  },
  text: { fontSize: 13, color: 'var(--ink)' },
};

/** The width of a plot, axes included, so that neighbours are drawn to one scale and a telephone shows the whole. */
export const PLOT_SIZE = { width: 400, autosize: { type: 'fit', contains: 'padding' } };

/** A field that holds a colour of the page itself. */
export const OWN_COLOUR = { field: 'colour', type: 'nominal', scale: null };

/** A scale for shares from 0 to 1 that shows where the values lie, with room around them. */
export function shareScale(values: readonly number[]): { scale: PlotSpec; format: string } {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(0.005, (most - least) * 0.12);
  const domain = [Math.max(0, least - room), Math.min(1, most + room)];
  return { scale: { domain, zero: false, nice: true }, format: domain[1] - domain[0] < 0.06 ? '.1%' : '.0%' };
}
