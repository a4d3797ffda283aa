import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

/** Where scripts/fixtures/keras_models.py writes. */
export const KERAS_FOLDER = join(__dirname, '../fixtures/keras');

interface KerasFacts {
  readonly shape: number[];
  readonly images: number[];
  readonly outputs: readonly { readonly shape: number[]; readonly values: number[] }[];
}

/** The largest difference between a model's predictions and Keras's for the same images, by Keras's largest. */
export async function differenceFromKeras(model: tf.LayersModel, name: string): Promise<number> {
  const facts = JSON.parse(await readFile(join(KERAS_FOLDER, `${name}.json`), 'utf8')) as KerasFacts;
  const images = tf.tensor(facts.images, facts.shape);
  const outputs = [model.predict(images)].flat();
  expect(outputs.map(({ shape }) => shape)).toEqual(facts.outputs.map(({ shape }) => shape));
  const differences = outputs.map((output, i) => {
    const { values } = facts.outputs[i];
    const largest = Math.max(...values.map(Math.abs));
    expect(largest).toBeGreaterThan(0.1);
    return Math.max(...[...output.dataSync()].map((value, j) => Math.abs(value - values[j]))) / largest;
  });
  tf.dispose([images, outputs]);
  return Math.max(...differences);
}
