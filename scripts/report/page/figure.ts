import type { PlotSpec } from '../../plots/render-svg';
import { html, Html } from './html';

/** A plot that is to be drawn, and what is said of it. */
export interface Figure {
  readonly title: string;
  /** What a person who does not see it is told: the numbers themselves. */
  readonly description: string;
  readonly spec: PlotSpec;
}

/** Pixels above which a plot is not scaled down to the page, but scrolls in its own box. */
const WIDE = 560;

/** A figure of the page, from a plot that Vega has drawn. */
export function figureMarkup({ title, description }: Figure, svg: string): Html {
  const { width, drawing } = pageSvg(svg);
  return html`<figure>
    <figcaption>${title}</figcaption>
    <div
      class="plot${width > WIDE && ' wide'}"
      role="img"
      aria-label="${description}"
      style="--width: ${width}px"
    >
      ${drawing}
    </div>
  </figure>`;
}

/** Without its size in pixels, so that the page decides it, and unseen by screen readers, which have the description. */
function pageSvg(svg: string): { width: number; drawing: Html } {
  const width = Number(/^<svg[^>]*? width="([\d.]+)"/.exec(svg)?.[1] ?? 0);
  const drawing = svg
    .trim()
    .replace(/^<svg[^>]*>/, (tag) =>
      tag
        .replace(/ (width|height|class|version|xmlns(:xlink)?)="[^"]*"/g, '')
        .replace('<svg', '<svg aria-hidden="true" focusable="false"'),
    );
  return { width: Math.ceil(width), drawing: new Html(drawing) };
}
