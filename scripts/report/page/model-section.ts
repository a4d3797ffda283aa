import { testedPart } from '../../../src/compare/tested-on';
import type { LayerReport } from '../../../src/inspect/inspect-model';
import type { ExampleImage } from '../choose-examples';
import { accuracy, testImages } from '../headline';
import type { Report, ReportGroup } from '../report';
import { chip } from './group-name';
import { html, type Html } from './html';

/**
 * Each group by itself: what it confuses, examples, layers, recipe and runs.
 *
 * @param figures of each group, drawn
 */
export function modelSection({ groups, hasImages }: Report, figures: readonly (readonly Html[])[]): Html {
  return html`<section id="models" aria-labelledby="models-title">
    <h2 id="models-title">Model by model</h2>
    <p class="muted">
      Confusion and accuracy by class are those of the best checkpoint of each run on all images that it was
      tested on. ${!hasImages && 'Example images were left out of this report.'}
    </p>
    ${groups.map((group, i) => article(group, i, figures[i], hasImages))}
  </section>`;
}

function article(group: ReportGroup, index: number, figures: readonly Html[], hasImages: boolean): Html {
  const { label, trainableParameters, macs, runs } = group;
  const seeds = runs.map(({ seed }) => seed).join(', ');
  return html`<article id="model-${index + 1}" aria-labelledby="model-${index + 1}-title">
    <h3 id="model-${index + 1}-title">${chip(index)} ${label}</h3>
    <p class="muted">
      ${accuracy(group)} of the ${testImages(group)}; ${count(trainableParameters)} trainable parameters,
      ${count(macs)} MACs; ${runs.length === 1 ? 'seed' : 'seeds'} ${seeds}.
    </p>
    <div class="figures">${figures}</div>
    ${hasImages && examples(group)}
    <div class="details">${layers(group)} ${recipe(group)} ${runTable(group)}</div>
  </article>`;
}

function examples({ examples: { wrong, right }, runs: [{ seed }], testData }: ReportGroup): Html {
  const part = testedPart(testData);
  return html`<h4>The mistakes it is surest of <span class="muted">(seed ${seed})</span></h4>
    ${wrong.length === 0 ? html`<p class="muted">It makes none.</p>` : list(wrong, part, mistake)}
    <h4>What it gets right</h4>
    ${right.length === 0 ? html`<p class="muted">Nothing.</p>` : list(right, part, hit)}`;
}

function list(images: readonly ExampleImage[], part: string, caption: (image: ExampleImage) => Html): Html {
  return html`<ul class="examples">
    ${images.map(
      (image) =>
        html`<li>
          <img src="${image.png}" alt="${part} image ${image.index}: ${image.trueClass}" />${caption(image)}
        </li>`,
    )}
  </ul>`;
}

const mistake = ({ trueClass, predictedClass, confidence }: ExampleImage): Html =>
  html`<b>${predictedClass}</b> ${percent(confidence)}<br /><span class="muted">is ${trueClass}</span>`;

const hit = ({ predictedClass, confidence }: ExampleImage): Html =>
  html`<b>${predictedClass}</b> ${percent(confidence)}`;

function layers({ label, layers, inputShape, model }: ReportGroup): Html {
  const titles = ['output', 'parameters', 'MACs', 'activations'];
  return html`<details>
    <summary>Layers (${layers.length})</summary>
    <p class="note">
      ${model} for images of ${inputShape.join(' × ')}; activations are the elements that convolutions and
      linear layers put out.
    </p>
    <div class="scroll" tabindex="0" role="region" aria-label="Layers of ${label}">
      <table>
        <thead>
          <tr>
            <th scope="col">layer</th>
            <th scope="col">type</th>
            ${titles.map((title) => html`<th scope="col" class="number">${title}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${layers.map(layerRow)}
        </tbody>
      </table>
    </div>
  </details>`;
}

function layerRow({ name, className, outputShape, params, macs, activations }: LayerReport): Html {
  const counts = [params.total, macs, activations].map((value) => (value === 0 ? '' : count(value)));
  return html`<tr>
    <th scope="row">${name}</th>
    <td>${className}</td>
    ${[outputShape.join(' × '), ...counts].map((text) => html`<td class="number">${text}</td>`)}
  </tr>`;
}

function recipe({ recipe, trainImages, runs: [{ backend }] }: ReportGroup): Html {
  const rows = Object.entries({ trainImages, ...recipe, backend });
  return html`<details>
    <summary>Recipe</summary>
    <dl>
      ${rows.map(
        ([name, value]) =>
          html`<dt>${words(name)}</dt>
            <dd>${String(value)}</dd>`,
      )}
    </dl>
  </details>`;
}

function runTable({ label, runs, epochs, testData }: ReportGroup): Html {
  const part = testedPart(testData);
  const titles = [
    'seed',
    `${part} accuracy`,
    `${part} loss`,
    `best of ${epochs} epochs`,
    'training, s',
    'training images/s',
  ];
  return html`<details>
    <summary>Runs (${runs.length})</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Runs of ${label}">
      <table>
        <thead>
          <tr>
            <th scope="col">run</th>
            ${titles.map((title) => html`<th scope="col" class="number">${title}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${runs.map(
            (run) =>
              html`<tr>
                <th scope="row">${run.run}</th>
                ${[
                  run.seed,
                  percent(run.testAccuracy, 2),
                  run.testLoss.toFixed(4),
                  run.bestEpoch,
                  run.trainSeconds.toFixed(1),
                  count(Math.round(run.trainImagesPerSecond)),
                ].map((text) => html`<td class="number">${text}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function percent(share: number, digits = 0): string {
  return `${(share * 100).toFixed(digits)} %`;
}

/** `learningRate` as `learning rate`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
