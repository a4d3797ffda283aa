import { columnsOf } from '../columns';
import { testImages } from '../headline';
import type { Report } from '../report';
import { breakable, chip } from './group-name';
import { html, type Html } from './html';

/** The table of all groups, sorted by a click on a head. */
export function comparisonSection({ groups, measuredOn }: Report): Html {
  const columns = columnsOf(groups);
  const isSpread = groups.some(({ accuracyDeviation }) => accuracyDeviation !== null);
  return html`<section id="comparison" aria-labelledby="comparison-title">
    <h2 id="comparison-title">Comparison</h2>
    <p class="muted">
      Tested on ${[...new Set(groups.map(testImages))].join(' and ')}.
      ${isSpread && 'Accuracy is the mean over runs that differ in their seed alone, ± their standard deviation. '}
      Training times are medians over the runs, data loading and tests left out. A head sorts by its column.
    </p>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="comparison-title">
      <table class="sortable">
        <thead>
          <tr>
            <th scope="col"><button type="button">model</button></th>
            ${columns.map(({ title }) => html`<th scope="col" class="number"><button type="button">${title}</button></th>`)}
          </tr>
        </thead>
        <tbody>
          ${groups.map(
            (group, i) =>
              html`<tr>
                <th scope="row" data-value="${group.label}">
                  <a class="name" href="#model-${i + 1}">${chip(i)} <span>${breakable(group.label)}</span></a>
                </th>
                ${columns.map(
                  ({ value, shown }) =>
                    html`<td class="number" data-value="${value(group) ?? -1}">${shown(group)}</td>`,
                )}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="note">
      ${
        measuredOn === null
          ? 'Latency, speed and size of the exported model were not measured for this report.'
          : `Latency and images/s are medians measured for this report on ${measuredOn}, the models taking turns, for the first run of each.`
      }
      MACs are the multiply-accumulates of convolutions and linear layers.
    </p>
  </section>`;
}
