import type { RunResult } from '../../src/train/run-config';
import type { StepEvent } from '../../src/train/train';
import type { BoardRun, BoardState } from './board';
import type { OpenedRun } from './open-runs';
import { secondsLeft, type TimedRun } from './time-left';

interface Tracked extends TimedRun {
  readonly run: OpenedRun;
  status: BoardRun['status'];
  progress: number;
  detail: string;
  accuracy: number | undefined;
  imagesTimed: number;
  seconds: number;
  imagesLeft: number;
  /** Milliseconds, and steps that were done then; once it trains. */
  begun: { at: number; step: number } | undefined;
}

/** Keeps what a person is shown of an experiment, from what happens to its runs. */
export class ExperimentTracker {
  private readonly runs: readonly Tracked[];
  private readonly startedAt: number;

  /** @param now milliseconds; another clock for tests */
  constructor(
    private readonly title: string,
    opened: readonly OpenedRun[],
    private readonly now: () => number = () => performance.now(),
  ) {
    this.startedAt = now();
    this.runs = opened.map((run) => {
      const { label, macs, imagesSeen, result } = run;
      const isDone = result !== undefined;
      return {
        run,
        label,
        macs,
        status: isDone ? 'done' : 'waiting',
        progress: isDone ? 1 : 0,
        detail: '',
        accuracy: result?.testAccuracy,
        imagesTimed: isDone ? imagesSeen : 0,
        seconds: result?.trainSeconds ?? 0,
        imagesLeft: isDone ? 0 : imagesSeen,
        begun: undefined,
      };
    });
  }

  /** @param step steps that an earlier call has done */
  start(run: OpenedRun, step: number): void {
    const tracked = this.find(run);
    tracked.status = 'running';
    tracked.begun = { at: this.now(), step };
  }

  step(run: OpenedRun, { step, totalSteps, batchSize, epoch, epochs, meanLoss }: StepEvent): void {
    const tracked = this.find(run);
    const { at, step: first } = tracked.begun ?? { at: this.now(), step };
    tracked.progress = step / totalSteps;
    tracked.detail = `epoch ${epoch}/${epochs}  loss ${meanLoss.toFixed(3)}`;
    tracked.imagesTimed = (step - first) * batchSize;
    tracked.imagesLeft = (totalSteps - step) * batchSize;
    tracked.seconds = (this.now() - at) / 1000;
  }

  test(run: OpenedRun): void {
    this.find(run).detail = 'testing';
  }

  end(run: OpenedRun, { testAccuracy }: RunResult): void {
    const tracked = this.find(run);
    if (tracked.begun !== undefined) tracked.seconds = (this.now() - tracked.begun.at) / 1000;
    Object.assign(tracked, {
      status: 'done',
      progress: 1,
      detail: '',
      accuracy: testAccuracy,
      imagesLeft: 0,
    });
  }

  fail(run: OpenedRun): void {
    Object.assign(this.find(run), { status: 'failed', imagesLeft: 0 });
  }

  state(): BoardState {
    return {
      title: this.title,
      runs: this.runs.map(({ run, status, progress, detail, accuracy }) => ({
        label: run.label,
        seed: run.config.recipe.seed,
        status,
        progress,
        detail,
        accuracy,
      })),
      secondsElapsed: (this.now() - this.startedAt) / 1000,
      secondsLeft: secondsLeft(this.runs),
    };
  }

  private find(run: OpenedRun): Tracked {
    return this.runs.find((tracked) => tracked.run.name === run.name) as Tracked;
  }
}
