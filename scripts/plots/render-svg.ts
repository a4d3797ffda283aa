import { join } from 'node:path';

import { packageRoot } from '../cli/package-root';
import { runNode } from './run-node';

/** A Vega-Lite specification: JSON, with its data. */
export type PlotSpec = Readonly<Record<string, unknown>>;

/**
 * Draws plots, in the order of their specifications. One process draws all of them, since Vega takes a second to load.
 *
 * @throws CardinalError with what Vega says where a specification is wrong
 *
 * @example
 * const [accuracy, speed] = await renderSvgs([accuracySpec, speedSpec]);
 */
export async function renderSvgs(specs: readonly PlotSpec[]): Promise<string[]> {
  if (specs.length === 0) return [];
  const script = join(packageRoot(), 'scripts', 'plots', 'draw-plots.mjs');
  return JSON.parse(await runNode([script], JSON.stringify(specs))) as string[];
}

/**
 * Draws a plot.
 *
 * @throws CardinalError with what Vega says where the specification is wrong
 *
 * @example
 * await writeFile('speed.svg', await renderSvg({ mark: 'bar', data: { values }, encoding }));
 */
export async function renderSvg(spec: PlotSpec): Promise<string> {
  const [svg] = await renderSvgs([spec]);
  return svg;
}
