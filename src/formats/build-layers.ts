import * as tf from '@tensorflow/tfjs';

import { countReaders } from '../backends/accelerate/count-readers';
import { CardinalError } from '../errors';
import { adoptBatchNorms } from '../layers/batch-normalization';
import { transferOwnership } from '../layers/transfer-ownership';
import { checkLayerTopology } from './layer-topology';
import { watchBuild } from './watch-build';

/**
 * A model of a topology with the weights that `setWeights` sets, all of them; where either fails, nothing is left.
 *
 * @param topology as tfjs writes it or {@link checkLayerTopology} takes it
 * @param mostNumbers that its weights have in all
 * @throws CardinalError for a topology that cannot be built; what `setWeights` throws, as such an error
 */
export async function buildLayers(
  topology: unknown,
  mostNumbers: number,
  setWeights: (model: tf.LayersModel) => void | Promise<void>,
): Promise<tf.LayersModel> {
  let discard = (): void => {};
  try {
    checkLayerTopology(topology);
    const built = watchBuild(() => tf.models.modelFromJSON({ modelTopology: topology } as never), {
      mostNumbers,
      areSet: true,
    });
    ({ discard } = built);
    const model = await built.value;
    if (model instanceof tf.Sequential && !model.built) model.build();
    await setWeights(model);
    transferOwnership(model);
    adoptBatchNorms(model);
    countReaders(model);
    return model;
  } catch (error) {
    discard();
    if (error instanceof CardinalError) throw error;
    throw new CardinalError((error as Error).message, { cause: error });
  }
}
