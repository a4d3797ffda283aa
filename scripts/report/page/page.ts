import { createHash } from 'node:crypto';

import { renderSvgs } from '../../plots/render-svg';
import type { Report, ReportGroup } from '../report';
import { classPlots } from './class-plots';
import { comparisonSection } from './comparison-section';
import { costPlots } from './cost-plots';
import { curvePlots } from './curve-plots';
import { figureMarkup, type Figure } from './figure';
import { legend } from './group-name';
import { Html, html } from './html';
import { makingSection } from './making-section';
import { modelSection } from './model-section';
import { PAGE_SCRIPT } from './script';
import { speedPlots } from './speed-plots';
import { PAGE_STYLE } from './style';

/**
 * A report as one HTML page that loads nothing: plots are in it as SVG, images as data, and its policy forbids the rest.
 *
 * @throws CardinalError where a plot cannot be drawn
 */
export async function reportPage(report: Report): Promise<string> {
  const { groups } = report;
  const [cost, curves, speed, ...classes] = await drawn([
    costPlots(groups),
    curvePlots(groups),
    speedPlots(groups),
    ...groups.map(classPlots),
  ]);
  const [first, ...rest] = report.headline.map(unbroken);
  const runs = groups.reduce((sum, group) => sum + group.runs.length, 0);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy()}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="generator" content="tfjs-cardinal ${report.commit.version}" />
        <meta name="description" content="${first}" />
        <link rel="icon" href="data:," />
        <title>${titleOf(report)}</title>
        <style>
          ${new Html(PAGE_STYLE)}
        </style>
      </head>
      <body>
        <header>
          <div class="bar">
            <span
              >${plural(groups.length, 'model')}, ${plural(runs, 'run')},
              <time datetime="${report.date}">${report.date.slice(0, 10)}</time></span
            >
            <button class="theme" type="button" hidden>Dark</button>
          </div>
          <h1>${first}</h1>
          ${rest.map((sentence) => html`<p class="lead">${sentence}</p>`)}
          <nav aria-label="Parts of the report">
            <ul>
              <li><a href="#comparison">Comparison</a></li>
              <li><a href="#cost">Accuracy and cost</a></li>
              ${curves.length > 0 && html`<li><a href="#curves">Learning curves</a></li>`}
              <li><a href="#speed">Speed</a></li>
              <li><a href="#models">Model by model</a></li>
              <li><a href="#making">How it was made</a></li>
            </ul>
          </nav>
        </header>
        <main>
          ${comparisonSection(report)}
          ${plotSection({ id: 'cost', title: 'Accuracy and cost', note: COST_NOTE, plots: cost, groups })}
          ${
            curves.length > 0 &&
            plotSection({ id: 'curves', title: 'Learning curves', note: CURVES_NOTE, plots: curves, groups })
          }
          ${plotSection({ id: 'speed', title: 'Speed', note: speedNote(report), plots: speed })}
          ${modelSection(report, classes)} ${makingSection(report)}
        </main>
        <footer>
          Made by tfjs-cardinal ${report.commit.version}, <code>cardinal report</code>. This file loads
          nothing.
        </footer>
        ${SCRIPT}
      </body>
    </html> `;
  return page.text;
}

// As one piece, since the policy's hash is that of every character between the tags.
const SCRIPT = new Html(`<script>${PAGE_SCRIPT}</script>`);

const COST_NOTE =
  'Higher is better, further left is cheaper. Where a model has several seeds, small points are single runs and the line is one standard deviation each way; where none is seen, it is shorter than the point.';
const CURVES_NOTE = 'A line for each run, in the colour of its model.';

function speedNote({ measuredOn }: Report): string {
  return measuredOn === null
    ? 'Training speed is that of the runs, where they ran. Inference was not measured for this report (--no-measure).'
    : `Training speed is that of the runs, where they ran; inference was measured for this report on ${measuredOn}.`;
}

interface PlotSection {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly plots: readonly Html[];
  /** Whose colours are told; without them the plots name each group themselves, and are narrow. */
  readonly groups?: readonly ReportGroup[];
}

function plotSection({ id, title, note, plots, groups }: PlotSection): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    <p class="muted">${note}</p>
    ${groups !== undefined && legend(groups)}
    <div class="figures${groups === undefined && ' narrow'}">${plots}</div>
  </section>`;
}

/** All plots of the page at once, since the start of Vega takes longer than any of them. */
async function drawn(parts: readonly (readonly Figure[])[]): Promise<Html[][]> {
  const svgs = await renderSvgs(parts.flat().map(({ spec }) => spec));
  let next = 0;
  return parts.map((part) => part.map((figure) => figureMarkup(figure, svgs[next++])));
}

/** Nothing from anywhere but what stands in the page: its own script, by its hash, styles, and images that are data. */
function policy(): string {
  const hash = createHash('sha256').update(PAGE_SCRIPT).digest('base64');
  return `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}

function titleOf({ groups }: Report): string {
  const labels = groups.map(({ label }) => label);
  return labels.length > 3 ? `${labels.length} models compared` : labels.join(', ');
}

/** Numbers stay on one line with their unit and their spread. */
function unbroken(sentence: string): string {
  return sentence.replace(/ (?=[%±])|(?<=±) /g, '\u00a0');
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
