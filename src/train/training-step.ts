import * as tf from '@tensorflow/tfjs';

import {
  NotCompilableError,
  stepCompiler,
  type CompiledStep,
  type Precision,
} from '../backends/step-compiler';
import { check } from '../errors';
import { withStepSeed } from '../ops/dropout-mask';
import { withStatisticsShares } from '../ops/statistics-share';
import { DropoutSeeds } from './dropout-seeds';
import { computeGradients, type Gradients } from './gradients';
import type { MovingAverage } from './moving-average';
import type { Optimizer, Parameter } from './optimizer';
import { StatisticsWarmUp } from './statistics-warm-up';

/** What a training step moves, and how. */
export interface TrainingStepParts {
  readonly model: tf.LayersModel;
  readonly parameters: readonly Parameter[];
  readonly optimizer: Optimizer;
  readonly average?: MovingAverage;
  /** Of the masks of dropout. */
  readonly seed: number;
  /** Whether to make one call of the step where the backend can. */
  readonly compile: boolean;
  /** What a compiled step multiplies in; other than `float32`, the default, it takes one. */
  readonly precision?: Precision;
  /** Hears why a step cannot be compiled, and is run operation by operation instead. */
  readonly onNotCompiled?: (reason: string) => void;
}

/** What a step computed, before the weights have changed. */
export interface StepOutcome {
  readonly loss: number;
  /** `[count, classes]`, row-major. */
  readonly logits: Float32Array;
  /** Gives the weights their new values. */
  commit(): void;
  /** Leaves them as they are. */
  discard(): void;
}

/** A batch on the backend; the caller's to dispose. */
export interface StepInputs {
  readonly images: tf.Tensor;
  readonly targets: tf.Tensor2D;
}

/**
 * Forward pass, loss, gradients and update of one batch. Where the backend can compile it, which the first step finds out,
 * all of it is one call.
 */
export class TrainingStep {
  private readonly dropout: DropoutSeeds;
  private readonly statistics: StatisticsWarmUp;
  private compiled: CompiledStep | 'not yet' | 'never';
  private shape = '';

  constructor(private readonly parts: TrainingStepParts) {
    this.dropout = new DropoutSeeds(parts.model);
    this.statistics = new StatisticsWarmUp(parts.model);
    this.compiled = parts.compile && stepCompiler() !== undefined ? 'not yet' : 'never';
    if (this.compiled === 'never') {
      this.requireFloat32(
        parts.compile ? `the ${tf.getBackend()} backend compiles no step` : 'compile is false',
      );
    }
  }

  /** @param step how many came before it */
  run(inputs: StepInputs, learningRate: number, step: number): StepOutcome {
    const { optimizer, average, seed } = this.parts;
    const settings = optimizer.settings(learningRate);
    if (average !== undefined) settings.push(average.share(step));
    const stepSeed = this.dropout.set(seed, step);
    const varying: Varying = {
      settings: settings.map((setting) => tf.scalar(setting)),
      shares: this.statistics.shares(step).map((share) => tf.scalar(share)),
      seed: stepSeed && tf.tensor1d(stepSeed, 'int32'),
    };
    const compiled = this.compiledOrFreed(inputs, varying);
    if (compiled !== undefined) return runCompiled(compiled, inputs, varying);
    // What was tried in vain to compile has left other seeds.
    this.dropout.set(seed, step);
    return this.runEagerly(inputs, varying);
  }

  dispose(): void {
    this.dropout.restore();
    if (typeof this.compiled === 'object') this.compiled.dispose();
    this.compiled = 'never';
  }

  /** {@link compiledFor}, which frees what varies if it throws. */
  private compiledOrFreed(inputs: StepInputs, varying: Varying): CompiledStep | undefined {
    try {
      return this.compiledFor(inputs, varying);
    } catch (error) {
      tf.dispose(allInputs(inputs, varying).slice(2));
      throw error;
    }
  }

  /** The compiled step, unless it cannot be, or is for batches of another size. */
  private compiledFor(inputs: StepInputs, varying: Varying): CompiledStep | undefined {
    if (this.compiled === 'not yet') this.compiled = this.compile(inputs, varying) ?? 'never';
    const fits = this.shape === inputs.images.shape.join();
    return typeof this.compiled === 'object' && fits ? this.compiled : undefined;
  }

  private compile(inputs: StepInputs, varying: Varying): CompiledStep | undefined {
    const { seed, precision, onNotCompiled } = this.parts;
    this.shape = inputs.images.shape.join();
    try {
      return stepCompiler()?.(
        ([images, targets, ...others]) => {
          const settings = others.splice(0, varying.settings.length) as tf.Scalar[];
          const shares = others.splice(0, varying.shares.length) as tf.Scalar[];
          const [seed] = others as tf.Tensor1D[];
          const made = this.gradients({ images, targets: targets as tf.Tensor2D }, { shares, seed });
          this.update(made, settings);
          tf.dispose([...made.gradients.values()]);
          return [made.loss, made.logits];
        },
        allInputs(inputs, varying),
        (attempt) => void this.dropout.set(seed, attempt),
        precision,
      );
    } catch (error) {
      if (!(error instanceof NotCompilableError)) throw error;
      this.requireFloat32(error.message);
      onNotCompiled?.(error.message);
      return undefined;
    }
  }

  /** Throws where another precision than float32 is asked for, which only a compiled step has. */
  private requireFloat32(reason: string): void {
    const { precision = 'float32' } = this.parts;
    check(precision === 'float32', 'precision', `float32, since ${reason}`, precision);
  }

  private runEagerly(inputs: StepInputs, { settings, ...forward }: Varying): StepOutcome {
    const made = this.gradients(inputs, forward);
    tf.dispose([...forward.shares, ...(forward.seed === undefined ? [] : [forward.seed])]);
    const discard = () => tf.dispose([...settings, made.loss, made.logits, ...made.gradients.values()]);
    return {
      loss: made.loss.dataSync()[0],
      logits: made.logits.dataSync<'float32'>(),
      commit: () => {
        this.update(made, settings);
        discard();
      },
      discard,
    };
  }

  private gradients({ images, targets }: StepInputs, { shares, seed }: Omit<Varying, 'settings'>): Gradients {
    const { model, parameters } = this.parts;
    const byMomentum = new Map(this.statistics.momenta.map((momentum, i) => [momentum, shares[i]]));
    return withStatisticsShares(byMomentum, () =>
      withStepSeed(seed, () => computeGradients(model, parameters, images, targets)),
    );
  }

  private update({ gradients }: Gradients, settings: readonly tf.Tensor[]): void {
    const { model, optimizer, average } = this.parts;
    optimizer.step(gradients, settings);
    for (const weight of model.trainableWeights) {
      // A weight applies its constraint to what is written.
      if (weight.constraint != null) tf.tidy(() => void weight.write(weight.read().clone()));
    }
    if (average !== undefined) average.update(settings[settings.length - 1]);
  }
}

/** What differs from step to step, besides the batch. */
interface Varying {
  /** Settings of the optimiser, and the share of a moving average. */
  readonly settings: readonly tf.Scalar[];
  /** Of the batch in the moving statistics of batch norm, by the momentum that they belong to. */
  readonly shares: readonly tf.Scalar[];
  /** Of the masks, where the backend draws them. */
  readonly seed?: tf.Tensor1D;
}

function allInputs({ images, targets }: StepInputs, { settings, shares, seed }: Varying): tf.Tensor[] {
  return [images, targets, ...settings, ...shares, ...(seed === undefined ? [] : [seed])];
}

function runCompiled(compiled: CompiledStep, inputs: StepInputs, varying: Varying): StepOutcome {
  const { outputs, commit, discard } = compiled.run(allInputs(inputs, varying));
  const [loss, logits] = outputs.map((output) => output.dataSync<'float32'>());
  tf.dispose([...outputs, ...allInputs(inputs, varying).slice(2)]);
  return { loss: loss[0], logits, commit, discard };
}
