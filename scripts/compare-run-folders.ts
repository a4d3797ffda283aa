import { useBackend, type BackendName } from '../src/backends/use-backend-node';
import { compareRuns, type Comparison, type RunFacts } from '../src/compare/comparison';
import { measureInTurns } from '../src/compare/measure-in-turns';
import { bytesOf, layersModelFiles } from '../src/export/layers-model';
import { inspectModel } from '../src/inspect/inspect-model';
import { loadRunModel, type RunModel } from './load-run-model';
import { machine } from './machine';
import { readFinishedRun, type FinishedRun } from './read-finished-run';

const LARGE_BATCH = 64;

export interface CompareOptions {
  readonly backend?: BackendName;
  readonly signal?: AbortSignal;
  /** Milliseconds to measure each batch size for, once it was done a few times; default 6,000. */
  readonly budget?: number;
  /** Told what is being measured, and how far that is. */
  readonly onProgress?: (label: string, done: number, total: number) => void;
}

/**
 * Measures finished runs and sets them side by side, the first one being what the ratios are to.
 *
 * Accuracy and training speed are what the runs' results have; everything else is found now, on this machine.
 *
 * @throws CardinalError naming the first folder that holds no run, or one that is damaged or not tested yet
 *
 * @example
 * const comparison = await compareRunFolders(['runs/resnet_toy', 'runs/resnext_toy']);
 * comparison.runs[1].ratios.macs;
 */
export async function compareRunFolders(
  folders: readonly string[],
  options: CompareOptions = {},
): Promise<Comparison> {
  const { signal, budget, onProgress } = options;
  const finished: FinishedRun[] = [];
  // All of them are looked at before the first is measured, so that a slip is told at once.
  for (const folder of folders) finished.push(await readFinishedRun(folder));
  const { backend } = await useBackend(options.backend);
  const loaded: RunModel[] = [];
  try {
    for (const { folder, config } of finished) loaded.push(await loadRunModel(folder, config, 'best'));
    const models = loaded.map(({ model }) => model);
    const measure = (label: string, batchSize: number): Promise<number[]> =>
      measureInTurns(models, {
        batchSize,
        signal,
        budget,
        onRound: (done, total) => onProgress?.(label, done, total),
      });
    const latencies = await measure('latency at batch 1', 1);
    const times = await measure(`speed at batch ${LARGE_BATCH}`, LARGE_BATCH);
    const facts: RunFacts[] = [];
    for (const [i, { folder, config, result }] of finished.entries()) {
      const { model, description } = loaded[i];
      const { params, macs } = inspectModel(model);
      facts.push({
        run: folder,
        model: result.model,
        trainableParameters: params.trainable,
        totalParameters: params.total,
        macs,
        testAccuracy: result.testAccuracy,
        testData: result.testData ?? `${config.data.name}/test`,
        testImages: result.testImages,
        trainImages: result.trainImages,
        // CIFAR-10 is the same wherever it is.
        source: config.data.images === undefined ? undefined : config.data.source,
        trainImagesPerSecond: result.trainImagesPerSecond,
        latencyMs: latencies[i],
        imagesPerSecond: (LARGE_BATCH / times[i]) * 1000,
        bytes: bytesOf(await layersModelFiles(model, { description })),
      });
    }
    return compareRuns(facts, {
      backend,
      machine: machine(),
      bytesOf: 'model.json and weights.bin, as exported',
    });
  } finally {
    for (const { model } of loaded) model.dispose();
  }
}
