import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import { importOnnx } from '../../src/import/onnx';
import { TESTED_BACKENDS } from '../support/backends';
import { relativeDifference, toNchw } from '../support/onnxruntime';

const FOLDER = join(__dirname, '..', 'fixtures', 'onnx-cases');

/** What a foreign runtime computes of a file, in ONNX's own layout. */
interface Case {
  readonly inputs: { readonly x: Values };
  readonly outputs: readonly Values[];
}

interface Values {
  readonly shape: number[];
  readonly data: number[];
}

/** Files whose nodes say what no model with a free batch and without training can do, and what is said of them. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  bn_training_mode: /BatchNormalization y: its training_mode is 1.*evaluation mode/,
  squeeze_noaxes_batch1: /Squeeze y: without axes it takes the batch of 1 away too.*name the axes/,
};

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.onnx'))
  .map((file) => file.replace(/\.onnx$/, ''));

test.each(names.filter((name) => !Object.hasOwn(REFUSED, name)))('%s is computed right', (name) => {
  const model = importOnnx(readFileSync(join(FOLDER, `${name}.onnx`)));
  const { inputs, outputs } = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Case;
  tf.tidy(() => {
    const given = tf.tensor(inputs.x.data, inputs.x.shape);
    const isChannelsFirst = given.rank === 4 && !name.startsWith('nhwc');
    const x = isChannelsFirst ? tf.transpose(given, [0, 2, 3, 1]) : given;
    const expected = tf.tensor(outputs[0].data, outputs[0].shape);
    expect(relativeDifference(toNchw(model.predict(x) as tf.Tensor), expected)).toBeLessThan(1e-5);
  });
  model.dispose();
});

test.each(Object.entries(REFUSED))('%s is refused by its node', (name, message) => {
  expect(() => importOnnx(readFileSync(join(FOLDER, `${name}.onnx`)))).toThrow(message);
});
