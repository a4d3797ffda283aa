import { useBackend, type BackendName } from '../src/backends/use-backend-node';
import { evaluate, type Evaluation } from '../src/train/evaluate';
import { loadRunWeights, readRunConfig, type CheckpointName } from '../src/train/run-folder-node';
import { loadImages } from './run-images';
import type { TestTimeAugmentation } from '../src/train/test-time-views';
import { buildRunModel, type RunOptions } from './run-training';

export interface RunEvaluation extends Evaluation {
  readonly model: string;
  readonly checkpoint: CheckpointName;
  /** Epochs that the checkpoint had seen. */
  readonly epochs: number;
  readonly classNames: readonly string[];
  /** Which images it is, such as `cifar10/test`; those of validation where a folder has no others. */
  readonly testData: string;
  readonly backend: string;
}

/**
 * Tests a checkpoint of a run on all test images.
 *
 * @throws CardinalError if the folder holds no run, or the checkpoint is missing or damaged
 */
export async function evaluateRun(
  folder: string,
  options: RunOptions & {
    checkpoint: CheckpointName;
    batchSize?: number;
    testTimeAugmentation?: TestTimeAugmentation;
    backend?: BackendName;
    source?: string;
  },
): Promise<RunEvaluation> {
  const { checkpoint, batchSize, testTimeAugmentation, reporter, signal } = options;
  const config = await readRunConfig(folder);
  const { backend } = await useBackend(options.backend);
  const model = buildRunModel(config);
  try {
    const { progress } = await loadRunWeights(model, folder, checkpoint);
    const source = options.source ?? config.data.source;
    const { test } = await loadImages({ data: { ...config.data, source } }, options);
    const onProgress = (done: number, total: number): void => reporter?.onTest?.(done, total);
    const evaluation = await evaluate(model, test, { batchSize, testTimeAugmentation, signal, onProgress });
    return {
      model: config.model.name,
      checkpoint,
      epochs: progress.epochsDone,
      ...evaluation,
      classNames: test.classNames,
      testData: test.name,
      backend,
    };
  } finally {
    model.dispose();
  }
}
