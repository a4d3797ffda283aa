import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { makeFolder } from '../../src/files/make-folder';
import { CardinalError } from '../../src/errors';
import { writeWhole } from '../../src/files/write-whole';
import { readMetrics } from '../../src/train/run-folder-node';
import { renderSvg } from '../plots/render-svg';
import type { OpenedRun } from './open-runs';
import type { Circumstances } from './results';
import { resultsCsv } from './results-csv';
import { resultsMarkdown } from './results-markdown';
import { resultsPlot } from './results-plot';
import { experimentResultsSchema, type ExperimentResults } from './results-schema';

const NAME = 'results';

/**
 * Writes `results.json`, `results.csv` and `results.md` into an experiment's folder, each whole or not at all.
 *
 * @param command what makes the results again
 * @param options.plot draws `results.svg` too, which takes a second; else the page goes without
 * @returns the files' paths
 * @throws CardinalError if the folder cannot be written
 */
export async function writeResults(
  to: string,
  results: ExperimentResults,
  command: string,
  { plot }: { plot: boolean },
): Promise<string[]> {
  const texts = await textsOf(NAME, results, command, plot);
  texts.set(`${NAME}.csv`, resultsCsv(results));
  return writeAll(to, texts);
}

/**
 * Writes the results into a folder of results under the experiment's name: `cardinality.json`, `.md` and `.svg`, and what each
 * epoch of each run came to, as `cardinality.metrics.jsonl`.
 *
 * @param from the experiment's folder
 */
export async function publishResults(
  folder: string,
  results: ExperimentResults,
  command: string,
  from: string,
): Promise<string[]> {
  const texts = await textsOf(results.name, results, command, true);
  texts.set(`${results.name}.metrics.jsonl`, await metricsOf(from, results));
  return writeAll(folder, texts);
}

/** The lines of every run's `metrics.jsonl`, each of which says whose it is. */
async function metricsOf(from: string, { runs }: ExperimentResults): Promise<string> {
  const lines: string[] = [];
  for (const { run } of runs) {
    for (const metrics of await readMetrics(join(from, run))) lines.push(JSON.stringify({ run, ...metrics }));
  }
  return lines.map((line) => `${line}\n`).join('');
}

/**
 * What the results in a folder hold for, where they are those of the runs that are finished there; `undefined` where there
 * are none, or others.
 */
export async function readCircumstances(
  to: string,
  runs: readonly OpenedRun[],
): Promise<Circumstances | undefined> {
  const done = runs.flatMap(({ name, result }) =>
    result === undefined ? [] : [[name, result.trainSeconds]],
  );
  try {
    const text = await readFile(join(to, `${NAME}.json`), 'utf8');
    const {
      runs: known,
      date,
      machine,
      commit,
      wallSeconds,
    } = experimentResultsSchema.parse(JSON.parse(text));
    // No two trainings take the same time, so this tells a run from its repetition.
    const isSame = isDeepStrictEqual(
      done,
      known.map(({ run, trainSeconds }) => [run, trainSeconds]),
    );
    return isSame ? { date, machine, commit, wallSeconds } : undefined;
  } catch {
    return undefined; // none yet, or of another version
  }
}

async function textsOf(
  name: string,
  results: ExperimentResults,
  command: string,
  withPlot: boolean,
): Promise<Map<string, string>> {
  // One point shows nothing.
  const plot = withPlot && results.groups.length > 1 ? `${name}.svg` : undefined;
  const texts = new Map([
    [`${name}.json`, `${JSON.stringify(results, null, 2)}\n`],
    [`${name}.md`, resultsMarkdown(results, { plot, command })],
  ]);
  if (plot !== undefined) texts.set(plot, await renderSvg(resultsPlot(results)));
  return texts;
}

async function writeAll(folder: string, texts: ReadonlyMap<string, string>): Promise<string[]> {
  try {
    await makeFolder(folder);
    for (const [file, text] of texts) await writeWhole(join(folder, file), text);
  } catch (error) {
    throw new CardinalError(`${folder} could not be written: ${(error as Error).message}`);
  }
  return [...texts.keys()].map((file) => join(folder, file));
}
