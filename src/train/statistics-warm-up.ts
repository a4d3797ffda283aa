import type * as tf from '@tensorflow/tfjs';

import { warmedUpDecay } from './warmed-up-decay';

/**
 * How far a training step moves the statistics by which the batch norms of a model normalise in evaluation.
 *
 * At a momentum of 0.99 the statistics that a layer is made with, a mean of 0 and a variance of 1, still weigh three
 * quarters after 30 steps, and at 0.9997 after 1,000; at 0.9 they weigh a twentieth, and those of weights that have
 * moved since most of the rest. Such a model has learnt, and is evaluated as if it had not. So the momentum starts low
 * and grows to the layer's own, as the decay of an average of weights does, and a run of any length is evaluated by
 * statistics of its last tenth or less. The shares follow from the step alone, so that a resumed run needs to know no
 * more, and the trained weights do not depend on them.
 */
export class StatisticsWarmUp {
  /** The momenta of the model's batch norms, each once. */
  readonly momenta: readonly number[];

  constructor(model: tf.LayersModel) {
    this.momenta = [...new Set(batchNorms(model.layers).map(({ momentum }) => momentum))];
  }

  /** For each of `momenta`, the share that the batch of step `step`, counted from 0, has in the statistics after it. */
  shares(step: number): number[] {
    return this.momenta.map((momentum) => 1 - warmedUpDecay(momentum, step));
  }
}

interface BatchNorm extends tf.layers.Layer {
  readonly momentum: number;
}

function batchNorms(layers: readonly tf.layers.Layer[]): BatchNorm[] {
  return layers.flatMap((layer) => {
    if ('layers' in layer) return batchNorms((layer as tf.LayersModel).layers);
    return layer.getClassName() === 'BatchNormalization' ? [layer as BatchNorm] : [];
  });
}
