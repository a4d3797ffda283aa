import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { useBackend, type BackendName } from '../src/backends/use-backend-node';
import { comparisonSchema, type Comparison } from '../src/compare/comparison';
import { comparisonMarkdown } from '../src/compare/markdown';
import { CardinalError, InterruptedError } from '../src/errors';
import { LAYERS_MODEL_FILES } from '../src/export/layers-model';
import { saveLayersModel } from '../src/export/save-layers-model-node';
import { writeWhole } from '../src/files/write-whole';
import type { RunConfig, RunResult } from '../src/train/run-config';
import { readResult } from '../src/train/run-folder-node';
import { compareRunFolders, type CompareOptions } from './compare-run-folders';
import { loadRunModel } from './load-run-model';
import { openQuickstartRuns, type QuickstartRequest, type QuickstartRun } from './quickstart-runs';
import { loadImages, type LoadedImages } from './run-images';
import { resumeRun, type RunReporter } from './run-training';

export interface QuickstartOptions {
  readonly signal?: AbortSignal;
  readonly reporter?: RunReporter;
  readonly onMeasure?: CompareOptions['onProgress'];
  readonly measureBudget?: CompareOptions['budget'];
  /** CIFAR-10, where the caller has it in memory already. */
  readonly images?: LoadedImages;
}

export interface QuickstartReport {
  readonly folder: string;
  readonly runs: readonly { readonly model: string; readonly run: string; readonly exported: string }[];
  readonly comparison: Comparison;
  /** Where the comparison is saved. */
  readonly files: { readonly markdown: string; readonly json: string };
  /** Whether all of it was there already. */
  readonly wasFinished: boolean;
}

/**
 * The main job: trains the toy models alike, tests each on all test images, exports each, and compares them.
 *
 * What an earlier call finished is not done again, and what it left unfinished goes on, unless `fresh` is set.
 *
 * @throws InterruptedError once `signal` is aborted, after the state was saved
 * @throws InvalidArgumentError for options that the runs in the folder were not started with
 *
 * @example
 * const { comparison } = await quickstart({ to: 'runs/quickstart', epochs: 5 });
 */
export async function quickstart(
  request: QuickstartRequest,
  options: QuickstartOptions = {},
): Promise<QuickstartReport> {
  const { signal, reporter, onMeasure, measureBudget: budget } = options;
  const backend = (await useBackend(request.backend)).backend as BackendName;
  let loaded = options.images;
  const images = async (source = request.source): Promise<LoadedImages> =>
    (loaded ??= await loadImages({ data: { name: 'cifar10', validation: 0, source } }, options));
  const onNote = (text: string): void => reporter?.onNote?.(text);
  const runs = await openQuickstartRuns({ ...request, backend }, { onNote, images });
  const describe = (comparison: Comparison, wasFinished: boolean): QuickstartReport => ({
    folder: request.to,
    runs: runs.map(({ model, folder, exported }) => ({ model, run: folder, exported })),
    comparison,
    files: comparisonFiles(request.to),
    wasFinished,
  });
  const earlier = await readComparison(request.to);
  if (earlier !== undefined && (await isCurrent(earlier, runs))) return describe(earlier, true);

  for (const { folder, config, exported } of runs) {
    if ((await readResult(folder)) === undefined) {
      const own = await images(request.source ?? config.data.source);
      await resumeRun(folder, { signal, reporter, backend, images: own });
    } else onNote(`${folder} is finished already, and not trained again`);
    stopIfAsked(signal);
    await exportRun(folder, config, exported);
    stopIfAsked(signal);
  }
  const folders = runs.map(({ folder }) => folder);
  const comparison = await compareRunFolders(folders, { backend, signal, budget, onProgress: onMeasure });
  await writeComparison(request.to, comparison);
  return describe(comparison, false);
}

function stopIfAsked(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new InterruptedError('interrupted after a model was finished');
}

async function exportRun(folder: string, config: RunConfig, to: string): Promise<void> {
  const { model, description } = await loadRunModel(folder, config, 'best');
  try {
    await saveLayersModel(model, to, { overwrite: true, description });
  } finally {
    model.dispose();
  }
}

function comparisonFiles(folder: string): QuickstartReport['files'] {
  return { markdown: join(folder, 'comparison.md'), json: join(folder, 'comparison.json') };
}

async function writeComparison(folder: string, comparison: Comparison): Promise<void> {
  const { markdown, json } = comparisonFiles(folder);
  try {
    await writeWhole(markdown, comparisonMarkdown(comparison));
    await writeWhole(json, `${JSON.stringify(comparison, null, 2)}\n`);
  } catch (error) {
    throw new CardinalError(`${folder} could not be written: ${(error as Error).message}`);
  }
}

/** The comparison that an earlier call saved; one that cannot be read is measured again. */
async function readComparison(folder: string): Promise<Comparison | undefined> {
  try {
    return comparisonSchema.parse(JSON.parse(await readFile(comparisonFiles(folder).json, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Whether a comparison is of these runs as they are now, and their exports are there. */
async function isCurrent({ runs: compared }: Comparison, runs: readonly QuickstartRun[]): Promise<boolean> {
  if (compared.length !== runs.length) return false;
  for (const [i, { folder, exported }] of runs.entries()) {
    const result = await readResult(folder);
    if (result === undefined || !isOf(compared[i], folder, result)) return false;
    const written = await stat(join(exported, LAYERS_MODEL_FILES.model)).catch(() => undefined);
    if (written === undefined) return false;
  }
  return true;
}

function isOf(compared: Comparison['runs'][number], folder: string, result: RunResult): boolean {
  return (
    compared.run === folder &&
    compared.testAccuracy === result.testAccuracy &&
    // No two trainings take the same time, so this tells a run from its repetition.
    compared.trainImagesPerSecond === result.trainImagesPerSecond
  );
}
