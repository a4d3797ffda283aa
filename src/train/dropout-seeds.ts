import * as tf from '@tensorflow/tfjs';

import { isAccelerated } from '../backends/accelerate';
import { seededRandom } from '../data/random';
import { TENSORFLOW } from '../ops/libtensorflow';

/** What dropout layers of tfjs have, though their types hide it. */
interface SeededLayer extends tf.layers.Layer {
  seed?: number | string | null;
  rate: number;
}

/** Keeps this use of the seed apart from the others. */
const STREAM = 0x64726f;
/** Layers whose masks can follow from a seed that is a tensor. */
const NATIVE = new Set(['Dropout', 'DropPath']);

/**
 * Gives the dropout layers of a model a seed for each step.
 *
 * A tfjs dropout layer with a seed draws the same mask at each call, which is no dropout but a smaller network, and
 * one without a seed draws from `Math.random`, which no run can repeat. A seed that is a function of (run, layer, step)
 * gives fresh masks that a run can repeat and resume.
 */
export class DropoutSeeds {
  private readonly layers: readonly SeededLayer[];
  private readonly own: readonly SeededLayer['seed'][];

  constructor(model: tf.LayersModel) {
    this.layers = dropoutLayers(model.layers);
    this.own = this.layers.map((layer) => layer.seed);
  }

  /**
   * Sets the masks of one step.
   *
   * @returns two whole numbers from which the backend is to draw them, by `withStepSeed`; `undefined` where the layers draw
   *   by themselves
   */
  set(seed: number, step: number): [number, number] | undefined {
    const isNative = this.isNative();
    this.layers.forEach((layer, position) => {
      // tfjs takes the seed 0 for none.
      layer.seed = 1 + (isNative ? position : drawn(seededRandom(seed, position, step, STREAM)));
    });
    if (!isNative) return undefined;
    const random = seededRandom(seed, step, STREAM);
    return [drawn(random), drawn(random)];
  }

  /** Gives the layers the seeds that they were made with, which their configs then show again. */
  restore(): void {
    this.layers.forEach((layer, position) => (layer.seed = this.own[position]));
  }

  private isNative(): boolean {
    return (
      this.layers.length > 0 &&
      tf.getBackend() === TENSORFLOW &&
      isAccelerated() &&
      this.layers.every((layer) => NATIVE.has(layer.getClassName()))
    );
  }
}

function drawn(random: { below(bound: number): number }): number {
  return random.below(2 ** 31 - 1);
}

function dropoutLayers(layers: readonly tf.layers.Layer[]): SeededLayer[] {
  return layers.flatMap((layer) => {
    if ('layers' in layer) return dropoutLayers((layer as tf.LayersModel).layers);
    return 'seed' in layer && 'rate' in layer ? [layer as unknown as SeededLayer] : [];
  });
}
