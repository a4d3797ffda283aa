import { boardLines, type BoardLine } from '../experiment/board';
import type { ExperimentReporter } from '../experiment/run-experiment';
import { ExperimentTracker } from '../experiment/tracker';
import type { Interrupt } from './interrupt';
import { startLiveLines, type LiveLines } from './live-lines';
import { drawsInPlace, note, noteColors } from './output';
import { duration, startProgress, type Progress } from './progress';
import { percent } from './training-reporter';

type Armed = Pick<Interrupt, 'arm' | 'disarm'>;

/** Shows an experiment on stderr as it goes; `stop` ends what is being drawn. */
export interface StoppableReporter extends ExperimentReporter {
  stop(): void;
}

/**
 * A board that is redrawn in place on a terminal, and plain lines elsewhere.
 *
 * @param interrupt armed while a run has something to save: from its first step on, which may be a long one
 */
export function createExperimentReporter(interrupt?: Armed): StoppableReporter {
  return drawsInPlace(process.stderr) ? boardReporter(interrupt) : lineReporter(interrupt);
}

const TONES: Readonly<Record<BoardLine['tone'], (text: string) => string>> = {
  title: noteColors.bold,
  plain: (text) => text,
  waiting: noteColors.dim,
  running: noteColors.cyan,
  done: (text) => text,
  failed: noteColors.red,
};

function boardReporter(interrupt: Armed | undefined): StoppableReporter {
  let live: LiveLines | undefined;
  let tracker: ExperimentTracker | undefined;
  const loading = dataProgress();
  return {
    onNote: note,
    onData: loading.onData,
    onOpen(title, runs) {
      loading.stop();
      if (runs.every(({ result }) => result !== undefined)) return;
      const own = new ExperimentTracker(title, runs);
      tracker = own;
      live = startLiveLines(process.stderr, (size) =>
        boardLines(own.state(), size).map(({ text, tone }) => TONES[tone](text)),
      );
    },
    onStart(run, { resumedAt }) {
      tracker?.start(run, resumedAt?.step ?? 0);
      live?.draw();
      interrupt?.disarm();
    },
    onStep(run, event) {
      interrupt?.arm();
      tracker?.step(run, event);
    },
    onTest: (run) => tracker?.test(run),
    onEnd(run, result) {
      tracker?.end(run, result);
      live?.draw();
    },
    onFailure(run, error) {
      tracker?.fail(run);
      note(`${run.folder}: ${error.message}`);
    },
    stop() {
      loading.stop();
      live?.stop();
    },
  };
}

function lineReporter(interrupt: Armed | undefined): StoppableReporter {
  let tracker: ExperimentTracker | undefined;
  let progress: Progress | undefined;
  let skipped = 0;
  let [begun, all] = [0, 0];
  const loading = dataProgress();
  const stop = (): void => {
    loading.stop();
    progress?.stop();
    progress = undefined;
  };
  return {
    stop,
    onNote: note,
    onData: loading.onData,
    onOpen(title, runs) {
      stop();
      tracker = new ExperimentTracker(title, runs);
      all = runs.length;
      begun = runs.filter(({ result }) => result !== undefined).length;
      note(
        `${title}: ${all === 1 ? '1 run' : `${all} runs`}${begun === 0 ? '' : `, ${begun} of them finished already`}`,
      );
    },
    onStart(run, { resumedAt }) {
      tracker?.start(run, resumedAt?.step ?? 0);
      skipped = resumedAt?.step ?? 0;
      begun++;
      const again = resumedAt === undefined ? '' : `, going on after ${skipped} steps`;
      note(
        `run ${begun} of ${all}: ${run.label}, seed ${run.config.recipe.seed}${again}, into ${run.folder}`,
      );
      interrupt?.disarm();
    },
    onStep(run, event) {
      interrupt?.arm();
      tracker?.step(run, event);
      const images = (steps: number): number => (steps - skipped) * event.batchSize;
      progress ??= startProgress(run.label, images(event.totalSteps), 'images');
      const { epoch, epochs, meanLoss } = event;
      progress.update(images(event.step), { epoch: `${epoch}/${epochs}`, loss: meanLoss.toFixed(3) });
    },
    onEnd(run, result) {
      progress?.stop();
      progress = undefined;
      tracker?.end(run, result);
      const { secondsElapsed, secondsLeft, runs } = tracker?.state() ?? { secondsElapsed: 0, runs: [] };
      const isLast = runs.every(({ status }) => status === 'done' || status === 'failed');
      const left = isLast || secondsLeft === undefined ? '' : `, about ${duration(secondsLeft)} left`;
      note(
        `${run.label}, seed ${run.config.recipe.seed}: ${percent(result.testAccuracy)} (${duration(secondsElapsed)}${left})`,
      );
    },
    onFailure(run, error) {
      stop();
      tracker?.fail(run);
      note(`${run.folder}: ${error.message}`);
    },
  };
}

/** The progress of fetching and reading the images. */
function dataProgress(): Required<Pick<ExperimentReporter, 'onData'>> & { stop(): void } {
  let shown: { phase: string; progress: Progress } | undefined;
  const stop = (): void => {
    shown?.progress.stop();
    shown = undefined;
  };
  return {
    stop,
    onData({ phase, done, total, unit }) {
      if (shown?.phase !== phase) {
        stop();
        shown = { phase, progress: startProgress(phase, total, unit) };
      }
      shown.progress.update(done);
      if (done >= total) stop();
    },
  };
}
