import { useBackend, type BackendName } from '../../src/backends/use-backend-node';
import {
  CardinalError,
  check,
  InterruptedError,
  InvalidArgumentError,
  unknownChoice,
} from '../../src/errors';
import type { RunResult } from '../../src/train/run-config';
import type { StepEvent } from '../../src/train/train';
import { thisCommit } from '../bench/machine';
import { machine } from '../machine';
import { chooseImages, loadImages, type ImageReporter, type LoadedImages } from '../run-images';
import { resumeRun, type RunStart } from '../run-training';
import type { ExperimentDefinition } from './definition';
import { openRuns, prepareRun, startAnew, type OpenedRun } from './open-runs';
import { planExperiment, type PlannedRun } from './plan';
import { resultsOf, type Circumstances } from './results';
import type { ExperimentResults } from './results-schema';
import { publishResults, readCircumstances, writeResults } from './write-results';

export interface ExperimentRequest {
  readonly definition: ExperimentDefinition;
  /** Where the run folders and the results go. */
  readonly to: string;
  /** What makes the experiment again, for the page of results. */
  readonly command: string;
  readonly backend?: BackendName;
  /** The user's own copy of CIFAR-10. */
  readonly source?: string;
  /** Trains anew, in place of the runs that are there. */
  readonly fresh?: boolean;
  /** Only runs of these labels. */
  readonly only?: readonly string[];
  /** Only runs with these seeds. */
  readonly seeds?: readonly number[];
  /** A folder that gets a copy of the results, under the experiment's name. */
  readonly results?: string;
}

/** Told about an experiment as it goes. */
export interface ExperimentReporter extends ImageReporter {
  /** The runs that were asked for; those that are finished have their results. */
  onOpen?(title: string, runs: readonly OpenedRun[]): void;
  /** A run's data is there and its first step is next. */
  onStart?(run: OpenedRun, start: RunStart): void;
  onStep?(run: OpenedRun, event: StepEvent): void;
  onTest?(run: OpenedRun, done: number, total: number): void;
  onEnd?(run: OpenedRun, result: RunResult): void;
  onFailure?(run: OpenedRun, error: CardinalError): void;
}

export interface ExperimentOptions {
  readonly signal?: AbortSignal;
  readonly reporter?: ExperimentReporter;
  /** CIFAR-10, where the caller has it in memory already. */
  readonly images?: LoadedImages;
}

export interface ExperimentReport {
  readonly results: ExperimentResults;
  /** What was written. */
  readonly files: readonly string[];
}

/**
 * Runs what an experiment has not run yet, one run after the other, and writes what it comes to after each.
 *
 * A run that is finished is not run again, and one that was stopped goes on, unless `fresh` is set. Where a run fails, the
 * others are still run.
 *
 * @throws InterruptedError once `signal` is aborted, after the state was saved
 * @throws InvalidArgumentError for runs that cannot be, or that are there and were trained otherwise
 * @throws CardinalError at the end, if a run failed
 *
 * @example
 * const definition = await readDefinition('cardinality');
 * const { results } = await runExperiment({ definition, to: 'runs/cardinality', command: 'cardinal experiment cardinality' });
 */
export async function runExperiment(
  request: ExperimentRequest,
  options: ExperimentOptions = {},
): Promise<ExperimentReport> {
  const { definition, to, source, command } = request;
  const { reporter, signal } = options;
  const startedAt = performance.now();
  const backend = (await useBackend(request.backend)).backend as BackendName;
  let loaded = options.images;
  const images = async (): Promise<LoadedImages> =>
    (loaded ??= await loadImages({ data: { name: 'cifar10', validation: 0, source } }, { reporter }));
  const { runs, asked } = await openExperiment({ ...request, backend }, images);
  const waiting = asked.filter(({ result }) => result === undefined);
  const circumstances = await circumstancesOf(to, runs, request.fresh === true);

  const report = async ({ isOver }: { isOver: boolean }): Promise<ExperimentReport> => {
    const seconds = (performance.now() - startedAt) / 1000;
    const results = resultsOf(
      definition,
      runs,
      waiting.length === 0 ? circumstances() : circumstances(seconds),
    );
    return { results, files: await writeResults(to, results, command, { plot: isOver }) };
  };
  reporter?.onOpen?.(definition.title ?? definition.name, asked);
  const failures: string[] = [];
  for (const run of waiting) {
    try {
      const result = await trainRun(run, { backend, signal, reporter, images: await images() });
      runs.splice(runs.indexOf(run), 1, { ...run, result });
      reporter?.onEnd?.(run, result);
    } catch (error) {
      if (!(error instanceof CardinalError) || error instanceof InterruptedError) {
        await report({ isOver: true });
        throw error;
      }
      failures.push(`${run.folder}: ${error.message}`);
      reporter?.onFailure?.(run, error);
    }
    if (run === waiting.at(-1)) break;
    const isStopped = signal?.aborted === true;
    const { results } = await report({ isOver: isStopped });
    if (!isStopped) continue;
    throw new InterruptedError(`interrupted after ${results.finished} of ${results.planned} runs`);
  }
  const { results, files } = await report({ isOver: true });
  const published =
    request.results === undefined ? [] : await publishResults(request.results, results, command, to);
  if (failures.length > 0) {
    throw new CardinalError(`${failures.length} of ${waiting.length} runs failed: ${failures.join('; ')}`);
  }
  return { results, files: [...files, ...published] };
}

/**
 * All runs of an experiment and, of these, those that are asked for. Everything that can be wrong is found before the first
 * is trained, and before any is replaced.
 */
async function openExperiment(
  request: ExperimentRequest & { backend: BackendName },
  images: () => Promise<LoadedImages>,
): Promise<{ runs: OpenedRun[]; asked: OpenedRun[] }> {
  const { definition, to, fresh = false } = request;
  const planned = await planExperiment(definition, request);
  const chosen = chosenRuns(planned, request);
  const kept = await openRuns(to, fresh ? planned.filter((run) => !chosen.includes(run)) : planned);
  const isDone = new Set(kept.flatMap(({ name, result }) => (result === undefined ? [] : [name])));
  const waiting = chosen.filter(({ name }) => !isDone.has(name));
  if (waiting.length > 0) checkImages(waiting, await images());
  if (fresh) await startAnew(to, chosen);
  const runs = fresh ? await openRuns(to, planned) : kept;
  return { runs, asked: runs.filter(({ name }) => chosen.some((run) => run.name === name)) };
}

async function trainRun(
  run: OpenedRun,
  options: ExperimentOptions & { backend: BackendName },
): Promise<RunResult> {
  const { reporter } = options;
  await prepareRun(run);
  return resumeRun(run.folder, {
    ...options,
    reporter: {
      onNote: (text) => reporter?.onNote?.(text),
      onStart: (start) => reporter?.onStart?.(run, start),
      onStep: (event) => reporter?.onStep?.(run, event),
      onTest: (done, total) => reporter?.onTest?.(run, done, total),
    },
  });
}

/**
 * What the numbers hold for: by what the results in the folder say where nothing was trained since, else by what is so now.
 *
 * @returns a function of the seconds that this call has trained for
 */
async function circumstancesOf(
  to: string,
  runs: readonly OpenedRun[],
  fresh: boolean,
): Promise<(seconds?: number) => Circumstances> {
  const earlier = await readCircumstances(to, runs);
  const isFirst = runs.every(({ result }) => result === undefined);
  const before = isFirst && fresh ? 0 : (earlier?.wallSeconds ?? (isFirst ? 0 : null));
  return (seconds) =>
    seconds === undefined && earlier !== undefined
      ? earlier
      : {
          date: new Date().toISOString(),
          machine: machine(),
          commit: thisCommit(),
          wallSeconds: before === null ? null : before + (seconds ?? 0),
        };
}

/**
 * The runs of a plan that a person asks for.
 *
 * @throws InvalidArgumentError for a label or a seed that no run has
 */
export function chosenRuns(
  runs: readonly PlannedRun[],
  { only, seeds }: Pick<ExperimentRequest, 'only' | 'seeds'>,
): PlannedRun[] {
  const labels = [...new Set(runs.map(({ label }) => label))];
  for (const label of only ?? []) if (!labels.includes(label)) throw unknownChoice('--only', label, labels);
  const known = new Set(runs.map(({ config }) => config.recipe.seed));
  for (const seed of seeds ?? []) check(known.has(seed), '--seeds', `some of ${[...known].join(', ')}`, seed);
  const chosen = runs.filter(
    ({ label, config }) =>
      (only === undefined || only.includes(label)) &&
      (seeds === undefined || seeds.includes(config.recipe.seed)),
  );
  check(chosen.length > 0, '--only, --seeds', 'a label and a seed that a run has', { only, seeds });
  return chosen;
}

/** Sees that there are as many images as each run is to have, so that a slip is told before the first is trained. */
function checkImages(runs: readonly PlannedRun[], images: LoadedImages): void {
  const seen = new Set<string>();
  for (const { config, label } of runs) {
    const { data, recipe } = config;
    const key = JSON.stringify([data.subset, data.validation, recipe.batchSize]);
    if (seen.has(key)) continue;
    seen.add(key);
    try {
      chooseImages(config, images);
    } catch (error) {
      if (!(error instanceof CardinalError)) throw error;
      throw new InvalidArgumentError(`${label}: ${error.message}`);
    }
  }
}
