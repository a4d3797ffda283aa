import * as tf from '@tensorflow/tfjs';
import { createModel, type ModelName } from '../../models';
import { accelerate } from '../../src/backends/accelerate';
import { useBackend } from '../../src/backends/use-backend-node';
import { inputsOf } from './inputs';
import { networkFacts } from './cases/network-facts';
import { profileOperations, type OperationTime } from './profile';
import { OPTIMIZER } from './protocol';
import { quantile } from './statistics';
import { repeatedStep } from './training-step';

/** Where the time of a training step goes. */
export interface TrainingProfile {
  readonly model: ModelName;
  readonly batch: number;
  /** Milliseconds a step as one call, the median. */
  readonly compiled: number;
  /** Milliseconds a step operation by operation, the median. */
  readonly eager: number;
  /** Of a step operation by operation, slowest first. */
  readonly operations: readonly OperationTime[];
}

const BATCH = 64;
const STEPS = 8;
const WARM_UP = 2;

/** A training step of a model on this process's `tensorflow` backend, whole and operation by operation. */
export async function profileTraining(model: ModelName): Promise<TrainingProfile> {
  await useBackend('tensorflow');
  accelerate();
  const eager = prepared(model, false);
  const eagerTimes = timed(eager.step);
  const profiled = profileOperations(() => repeat(STEPS, eager.step));
  eager.dispose();
  const compiled = prepared(model, true);
  const compiledTimes = timed(compiled.step);
  compiled.dispose();
  const operations = profiled.map(({ operation, calls, milliseconds }) => ({
    operation,
    calls: calls / STEPS,
    milliseconds: milliseconds / STEPS,
  }));
  const median = (times: number[]) => quantile(times, 0.5);
  return { model, batch: BATCH, compiled: median(compiledTimes), eager: median(eagerTimes), operations };
}

/** Of the operations those that matter, as a table of Markdown. */
export function profileMarkdown({ model, batch, compiled, eager, operations }: TrainingProfile): string {
  const total = operations.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const rows = operations
    .filter(({ milliseconds }) => milliseconds >= total / 200)
    .map(({ operation, calls, milliseconds }) => {
      const share = ((100 * milliseconds) / total).toFixed(0);
      return `| ${operation} | ${Math.round(calls)} | ${milliseconds.toFixed(1)} | ${share} % |`;
    });
  return [
    `## ${model}, batch ${batch}`,
    '',
    `${compiled.toFixed(1)} ms a step as one call, ${eager.toFixed(1)} ms operation by operation.`,
    '',
    '| operation | calls a step | ms a step | share |',
    '| --- | ---: | ---: | ---: |',
    ...rows,
  ].join('\n');
}

function prepared(name: ModelName, compile: boolean) {
  const work = {
    kind: 'training',
    model: name,
    network: networkFacts(name),
    batch: BATCH,
    checkedSteps: 0,
  } as const;
  const given = inputsOf(work);
  const array = (tensor: string) => given.get(tensor) as { shape: number[]; data: Float32Array | Int32Array };
  const model = createModel(name, { seed: 1 });
  const images = tf.tensor(array('images').data, array('images').shape);
  const repeated = repeatedStep(model, images, array('labels').data as Int32Array, OPTIMIZER, compile);
  return {
    step: repeated.step,
    dispose: () => {
      repeated.dispose();
      model.dispose();
      images.dispose();
    },
  };
}

function timed(step: () => unknown): number[] {
  repeat(WARM_UP, step);
  return Array.from({ length: STEPS }, () => {
    const start = performance.now();
    step();
    return performance.now() - start;
  });
}

function repeat(times: number, step: () => unknown): void {
  for (let i = 0; i < times; i++) step();
}
