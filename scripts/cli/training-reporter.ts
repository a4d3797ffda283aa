import type { StepEvent } from '../../src/train/train';
import type { RunReporter, RunStart } from '../run-training';
import type { Interrupt } from './interrupt';
import { note, noteColors } from './output';
import { grouped } from './plain-table';
import { startProgress, type Progress } from './progress';

/** Shows a run on stderr as it goes; `stop` ends what is being drawn. */
export interface TrainingReporter extends RunReporter {
  stop(): void;
}

/** @param interrupt armed while a run has something to save: from its first step on, which may be a long one */
export function createTrainingReporter(interrupt?: Pick<Interrupt, 'arm' | 'disarm'>): TrainingReporter {
  let shown: { label: string; progress: Progress } | undefined;
  let skipped = 0;
  const stop = (): void => {
    shown?.progress.stop();
    shown = undefined;
  };
  const show = (label: string, total: number, unit: string): Progress => {
    if (shown?.label !== label) {
      stop();
      shown = { label, progress: startProgress(label, total, unit) };
    }
    return shown.progress;
  };
  return {
    stop,
    onNote: note,
    onData: ({ phase, done, total, unit }) => {
      show(phase, total, unit).update(done);
      if (done >= total) stop();
    },
    onStart: (start) => {
      stop();
      announce(start);
      skipped = start.resumedAt?.step ?? 0;
      interrupt?.disarm();
    },
    onStep: (event) => {
      interrupt?.arm();
      const images = (steps: number): number => (steps - skipped) * event.batchSize;
      show('training', images(event.totalSteps), 'images').update(images(event.step), stepDetails(event));
    },
    onEpoch: (metrics, isBest) => {
      const { epoch, trainLoss, trainAccuracy, validationAccuracy, imagesPerSecond, learningRate } = metrics;
      const parts = [
        `epoch ${epoch}`,
        `loss ${trainLoss.toFixed(3)}`,
        `accuracy ${percent(trainAccuracy)}`,
        ...(validationAccuracy === undefined ? [] : [`validation ${percent(validationAccuracy)}`]),
        `lr ${rate(learningRate)}`,
        `${imagesPerSecond.toFixed(0)} images/s`,
      ];
      const mark = isBest && validationAccuracy !== undefined ? noteColors.green('  best so far') : '';
      note(parts.join('  ') + mark);
    },
    onTest: (done, total) => {
      show('testing', total, 'images').update(done);
      if (done >= total) stop();
    },
  };
}

function announce({ folder, config, trainImages, validationImages, parameters, resumedAt }: RunStart): void {
  const { recipe, model } = config;
  const where = folder === undefined ? '' : `, into ${folder}`;
  note(
    `${noteColors.bold(model.name)}: ${grouped(parameters.trainable)} trainable parameters, ` +
      `${grouped(trainImages)} training and ${grouped(validationImages)} validation images, ` +
      `${recipe.epochs} epochs of ${recipe.optimizer} on ${config.backend}${where}`,
  );
  if (resumedAt === undefined) return;
  const within = resumedAt.stepsInEpoch === 0 ? '' : ` and ${resumedAt.stepsInEpoch} steps`;
  note(`going on after ${resumedAt.epochsDone} of ${recipe.epochs} epochs${within}`);
}

function stepDetails({ epoch, epochs, meanLoss, learningRate }: StepEvent): Record<string, string> {
  return { epoch: `${epoch}/${epochs}`, loss: meanLoss.toFixed(3), lr: rate(learningRate) };
}

function rate(learningRate: number): string {
  return learningRate >= 0.001 ? learningRate.toFixed(4) : learningRate.toExponential(1);
}

/** 0.615 as `61.50 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
