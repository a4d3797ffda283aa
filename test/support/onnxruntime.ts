import * as tf from '@tensorflow/tfjs';
import * as ort from 'onnxruntime-node';

/** What ONNX Runtime makes of an ONNX file, its bytes or its path, apart from any code of ours: outputs by name, as they come. */
export async function runOnnx(
  file: Uint8Array | string,
  feeds: Readonly<Record<string, tf.Tensor>>,
): Promise<[name: string, output: tf.Tensor][]> {
  const options: ort.InferenceSession.SessionOptions = { logSeverityLevel: 3 };
  const session = await (typeof file === 'string'
    ? ort.InferenceSession.create(file, options)
    : ort.InferenceSession.create(file, options));
  try {
    expect([...session.inputNames].sort()).toEqual(Object.keys(feeds).sort());
    const inputs = Object.entries(feeds).map(
      ([name, tensor]) =>
        [name, new ort.Tensor('float32', tensor.dataSync<'float32'>(), tensor.shape)] as const,
    );
    const made = await session.run(Object.fromEntries(inputs));
    return session.outputNames.map((name) => {
      const { data, dims } = made[name];
      return [name, tf.tensor(Float32Array.from(data as Float32Array), [...dims])];
    });
  } finally {
    await session.release();
  }
}

/** Images `[batch, height, width, channels]` with the channels second, other tensors as they are. */
export function toNchw(x: tf.Tensor): tf.Tensor {
  return x.rank === 4 ? tf.transpose(x, [0, 3, 1, 2]) : x.clone();
}

/** The largest difference, by the largest value of `expected`, which must be of some size. */
export function relativeDifference(actual: tf.Tensor, expected: tf.Tensor): number {
  expect(actual.shape).toEqual(expected.shape);
  return tf.tidy(() => {
    const size = tf.max(tf.abs(expected)).dataSync()[0];
    expect(size).toBeGreaterThan(1e-2);
    return tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0] / size;
  });
}

/**
 * How far what an import predicts is from what ONNX Runtime computes, for drawn images; what both put out is 4 axes or none that
 * move. Nothing is left of it.
 *
 * @param layout of the file's images
 * @param batch of the images, which a file that tells one must have
 */
export async function differenceFromOnnx(
  bytes: Uint8Array,
  model: tf.LayersModel,
  { layout = 'NCHW', batch = 3 }: { layout?: 'NCHW' | 'NHWC'; batch?: number } = {},
): Promise<number> {
  const x = tf.randomNormal([batch, ...(model.inputs[0].shape.slice(1) as number[])], 0, 2, 'float32', 7);
  const fed = layout === 'NCHW' ? toNchw(x) : x.clone();
  const made = model.predict(x) as tf.Tensor;
  const [[, expected]] = await runOnnx(bytes, { x: fed });
  const ours = toNchw(made);
  const difference = relativeDifference(ours, expected);
  tf.dispose([x, fed, made, expected, ours]);
  return difference;
}
