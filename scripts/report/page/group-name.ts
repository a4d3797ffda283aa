import type { ReportGroup } from '../report';
import { Html, html } from './html';
import { groupColour } from './plot-style';

/** The number of a group in its colour, by which it is found again in every plot. */
export function chip(group: number): Html {
  return html`<span class="chip" style="--colour: ${groupColour(group)}">${group + 1}</span>`;
}

/** A label that a narrow column breaks after an underscore. */
export function breakable(label: string): Html {
  return html`${label.split(/(?<=_)/).map((part, i) => html`${i > 0 && WORD_BREAK}${part}`)}`;
}

const WORD_BREAK = new Html('<wbr />');

/** Which number and colour stands for which group. */
export function legend(groups: readonly ReportGroup[]): Html {
  return html`<ul class="legend" aria-label="Models by number and colour">
    ${groups.map(({ label }, i) => html`<li>${chip(i)} ${label}</li>`)}
  </ul>`;
}
