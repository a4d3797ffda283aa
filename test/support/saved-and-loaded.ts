import * as tf from '@tensorflow/tfjs';
import { layersModelArtifacts } from '../../src/export/layers-model';

/** A copy of a model that was saved and loaded, its topology through text as a file would hold it. */
export async function savedAndLoaded(model: tf.LayersModel): Promise<tf.LayersModel> {
  const { modelTopology, ...artifacts } = await layersModelArtifacts(model);
  const read = JSON.parse(JSON.stringify(modelTopology)) as object;
  return tf.loadLayersModel(tf.io.fromMemory({ ...artifacts, modelTopology: read }));
}
