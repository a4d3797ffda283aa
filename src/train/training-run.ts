import * as tf from '@tensorflow/tfjs';

import { batches, type Batch } from '../data/batches';
import { CardinalError, InterruptedError } from '../errors';
import { breathe } from './breathe';
import { countCorrect, predictedClasses } from './classification';
import { createOptimizer } from './create-optimizer';
import { evaluate, type Evaluation } from './evaluate';
import { mixRows, mixupShare } from './mixup';
import type { AveragedWeights } from './averaged-weights';
import { Lookahead } from './lookahead';
import { MovingAverage } from './moving-average';
import type { Optimizer, Parameter } from './optimizer';
import { OwnBackend } from './own-backend';
import type { Recipe } from './recipe';
import { createSchedule, type Schedule } from './schedule';
import { softTargets } from './targets';
import type { TrainData, TrainHooks, TrainResult } from './train';
import type { EpochMetrics, NamedArrays, TrainProgress, TrainState } from './train-state';
import { TrainingStep } from './training-step';
import { readWeights, trainableParameters, weightVariables } from './weights';
import { whitenFirstConvolution, whiteningKernel } from './whiten';
import { writeWeights } from './write-weights';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const EMPTY_SUMS = Object.freeze({ loss: 0, correct: 0, images: 0, seconds: 0 });

/** One call of `train`, with the tensors that it holds meanwhile. */
export class TrainingRun {
  private readonly parameters: readonly Parameter[];
  private readonly optimizer: Optimizer;
  /** The weights that evaluation uses, where they are not the model's. */
  private readonly average: AveragedWeights | undefined;
  private readonly lookahead: Lookahead | undefined;
  private readonly step: TrainingStep;
  private readonly schedule: Schedule;
  private readonly stepsPerEpoch: number;
  private readonly totalSteps: number;
  private readonly progress: Mutable<TrainProgress>;
  private readonly backend: OwnBackend;

  constructor(
    private readonly model: tf.LayersModel,
    private readonly data: TrainData,
    private readonly recipe: Recipe,
    private readonly hooks: TrainHooks,
  ) {
    this.backend = new OwnBackend(() => model.weights);
    const { count } = data.train;
    this.stepsPerEpoch = Math.floor(count / recipe.batchSize);
    this.totalSteps = this.stepsPerEpoch * recipe.epochs;
    this.schedule = createSchedule(recipe.schedule, {
      learningRate: recipe.learningRate,
      totalSteps: this.totalSteps,
      warmupSteps: Math.round(recipe.warmupEpochs * this.stepsPerEpoch),
    });
    const state = hooks.resumeFrom;
    if (state !== undefined) this.checkState(state);
    this.progress = state === undefined ? freshProgress(recipe.seed) : { ...state.progress };
    if (state !== undefined) writeWeights(model, state.weights);
    if (recipe.whiten && state === undefined) whitenFirstConvolution(model, data.train);
    const fixed = recipe.whiten ? whiteningKernel(model) : undefined;
    this.parameters = trainableParameters(model, recipe).filter(({ name }) => name !== fixed);
    this.optimizer = createOptimizer(recipe, this.parameters);
    const { ema, lookahead } = recipe;
    const movingAverage = ema > 0 ? new MovingAverage(weightVariables(model), ema) : undefined;
    if (lookahead > 0) this.lookahead = new Lookahead(weightVariables(model), lookahead, this.totalSteps);
    this.average = movingAverage ?? this.lookahead;
    try {
      this.step = new TrainingStep({
        model,
        parameters: this.parameters,
        optimizer: this.optimizer,
        average: movingAverage,
        seed: recipe.seed,
        compile: hooks.compile ?? true,
        precision: recipe.precision,
        onNotCompiled: hooks.onNotCompiled,
      });
    } catch (error) {
      this.optimizer.dispose();
      this.average?.dispose();
      throw error;
    }
    if (state !== undefined) this.restore(state);
  }

  async toTheEnd(): Promise<void> {
    const { progress } = this;
    while (progress.epochsDone < this.recipe.epochs) {
      await this.trainEpoch();
      await this.finishEpoch();
    }
    this.backend.during(() => this.average?.apply());
  }

  result(): TrainResult {
    const { history, step } = this.progress;
    const best = this.progress.best ?? { epoch: history.length };
    return { recipe: this.recipe, history, best, steps: step };
  }

  dispose(): void {
    this.step.dispose();
    this.optimizer.dispose();
    this.average?.dispose();
  }

  private async trainEpoch(): Promise<void> {
    const { recipe, progress } = this;
    const { padCrop, padMode, flip, cutout, batchSize, seed } = recipe;
    if (progress.stepsInEpoch === this.stepsPerEpoch) return;
    const epoch = batches(this.data.train, {
      batchSize,
      seed,
      epoch: progress.epochsDone,
      skip: progress.stepsInEpoch,
      shuffle: true,
      dropRemainder: true,
      augmentation: { padCrop, padMode, flip, cutout },
    });
    let start = performance.now();
    for (const batch of epoch) {
      const { loss, correct } = this.backend.during(() => this.trainStep(batch));
      await breathe();
      const now = performance.now();
      const { running } = progress;
      progress.running = {
        loss: running.loss + loss * batch.count,
        correct: running.correct + correct,
        images: running.images + batch.count,
        seconds: running.seconds + (now - start) / 1000,
      };
      this.reportStep(loss, batch.count / ((now - start) / 1000));
      await this.stopIfAsked();
      start = performance.now();
    }
  }

  private trainStep(batch: Batch): { loss: number; correct: number } {
    const { progress } = this;
    const classes = this.data.train.classNames.length;
    const { images, targets } = this.inputs(batch, classes);
    const learningRate = this.schedule(progress.step);
    const inputs = {
      images: tf.tensor(images, [batch.count, ...this.data.train.imageShape]),
      targets: tf.tensor2d(targets, [batch.count, classes]),
    };
    try {
      const { loss, logits, commit, discard } = this.step.run(inputs, learningRate, progress.step);
      if (!Number.isFinite(loss)) {
        discard();
        throw this.diverged(`the loss became ${loss}`, progress.stepsInEpoch + 1);
      }
      commit();
      progress.step++;
      this.lookahead?.follow(progress.step);
      progress.stepsInEpoch++;
      return { loss, correct: countCorrect(predictedClasses(logits, classes), batch.labels) };
    } finally {
      tf.dispose([inputs.images, inputs.targets]);
    }
  }

  private inputs(batch: Batch, classes: number): { images: Float32Array; targets: Float32Array } {
    const { mixup, labelSmoothing, seed } = this.recipe;
    const targets = softTargets(batch.labels, classes, labelSmoothing);
    if (mixup === 0) return { images: batch.images, targets };
    const share = mixupShare(mixup, seed, this.progress.step);
    return {
      images: mixRows(batch.images, batch.count, share),
      targets: mixRows(targets, batch.count, share),
    };
  }

  private async finishEpoch(): Promise<void> {
    const { progress } = this;
    const validation = await this.validate();
    const { running, step } = progress;
    const metrics: EpochMetrics = {
      epoch: progress.epochsDone + 1,
      step,
      learningRate: this.schedule(step - 1),
      trainLoss: running.loss / running.images,
      trainAccuracy: running.correct / running.images,
      ...(validation && { validationLoss: validation.loss, validationAccuracy: validation.accuracy }),
      imagesPerSecond: running.images / running.seconds,
      seconds: running.seconds,
    };
    if (validation !== undefined && !Number.isFinite(validation.loss)) {
      throw this.diverged(`the validation loss became ${validation.loss}`);
    }
    const isBest = (validation?.accuracy ?? Infinity) > (progress.best?.validationAccuracy ?? -1);
    const state = this.state({
      ...progress,
      epochsDone: metrics.epoch,
      stepsInEpoch: 0,
      running: EMPTY_SUMS,
      history: [...progress.history, metrics],
      best: isBest ? { epoch: metrics.epoch, validationAccuracy: validation?.accuracy } : progress.best,
    });
    this.checkFinite(state);
    Object.assign(progress, state.progress);
    this.hooks.onEpoch?.(metrics, isBest);
    await this.hooks.onCheckpoint?.(state, { reason: 'epoch', isBest });
    if (this.hooks.signal?.aborted === true && progress.epochsDone < this.recipe.epochs) {
      throw this.interrupted();
    }
  }

  private async validate(): Promise<Evaluation | undefined> {
    const { validation } = this.data;
    if (validation === undefined) return undefined;
    const work = (): Promise<Evaluation> =>
      evaluate(this.model, validation, { onProgress: this.hooks.onValidation, signal: this.hooks.signal });
    try {
      return await this.backend.during(() =>
        this.average === undefined ? work() : this.average.during(work),
      );
    } catch (error) {
      if (error instanceof InterruptedError) await this.stopIfAsked();
      throw error;
    }
  }

  private async stopIfAsked(): Promise<void> {
    if (this.hooks.signal?.aborted !== true) return;
    const state = this.state({ ...this.progress });
    this.checkFinite(state);
    await this.hooks.onCheckpoint?.(state, { reason: 'interrupted', isBest: false });
    throw this.interrupted();
  }

  private interrupted(): InterruptedError {
    const { epochsDone, stepsInEpoch } = this.progress;
    const where = stepsInEpoch === 0 ? '' : ` and ${stepsInEpoch} of ${this.stepsPerEpoch} steps of the next`;
    return new InterruptedError(`interrupted after ${epochsDone} of ${this.recipe.epochs} epochs${where}`);
  }

  private reportStep(loss: number, imagesPerSecond: number): void {
    const { progress, recipe, stepsPerEpoch, totalSteps } = this;
    const { running, stepsInEpoch, step } = progress;
    this.hooks.onStep?.({
      epoch: progress.epochsDone + 1,
      epochs: recipe.epochs,
      stepsInEpoch,
      stepsPerEpoch,
      step,
      totalSteps,
      batchSize: recipe.batchSize,
      loss,
      meanLoss: running.loss / running.images,
      meanAccuracy: running.correct / running.images,
      learningRate: this.schedule(step - 1),
      imagesPerSecond,
    });
  }

  private state(progress: TrainProgress): TrainState {
    return this.backend.during(() => {
      const ema = this.average?.state();
      const weights = readWeights(this.model);
      return { weights, ...(ema && { ema }), optimizer: this.optimizer.state(), progress };
    });
  }

  /** A finite loss can still be followed by a step to infinity, which must not reach a checkpoint. */
  private checkFinite({ weights, ema = new Map() }: TrainState): void {
    for (const [name, { data }] of [...weights, ...(ema as NamedArrays)]) {
      if (!data.every(Number.isFinite)) throw this.diverged(`${name} is no longer finite`);
    }
  }

  /** @param under the step under way in this epoch, from 1; without it, the steps so far led there */
  private diverged(what: string, under?: number): CardinalError {
    const { epochsDone, stepsInEpoch, step } = this.progress;
    const when = under === undefined ? `after step ${stepsInEpoch}` : `step ${under}`;
    const where = `${what} in epoch ${epochsDone + 1}, ${when} of ${this.stepsPerEpoch}`;
    // What is so before the first update no learning rate has made.
    if (step === 0) return new CardinalError(`${where}, before any update: ${this.causeAtStart()}`);
    const rate = this.schedule(Math.max(0, Math.min(step, this.totalSteps - 1)));
    return new CardinalError(
      `${where}, at learning rate ${Number(rate.toPrecision(4))}: try a lower rate or a longer warm-up`,
    );
  }

  private causeAtStart(): string {
    const isFinite = ({ data }: { data: Float32Array }) => data.every(Number.isFinite);
    const [name] = [...readWeights(this.model)].find(([, weight]) => !isFinite(weight)) ?? [];
    if (name !== undefined) return `${name}, which the model came with, is not finite`;
    const { name: images, mean, std } = this.data.train;
    return (
      `the weights that the model came with are too large, or the images of ${images} are not what it expects ` +
      `(mean ${mean.join(', ')}; std ${std.join(', ')})`
    );
  }

  private checkState(state: TrainState): void {
    const { seed, epochsDone, stepsInEpoch, step } = state.progress;
    const fits =
      seed === this.recipe.seed &&
      step === epochsDone * this.stepsPerEpoch + stepsInEpoch &&
      step <= this.totalSteps &&
      (this.recipe.ema > 0 || this.recipe.lookahead > 0) === (state.ema !== undefined);
    if (!fits) throw new CardinalError('the state to resume from belongs to another recipe or other data');
  }

  private restore(state: TrainState): void {
    try {
      this.optimizer.restore(state.optimizer, state.progress.step);
      if (state.ema !== undefined) this.average?.restore(state.ema);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }
}

function freshProgress(seed: number): TrainProgress {
  return { seed, epochsDone: 0, stepsInEpoch: 0, step: 0, running: EMPTY_SUMS, history: [] };
}
