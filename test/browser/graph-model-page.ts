import * as tf from '@tensorflow/tfjs';

/** A GraphModel as its files have it, and what its model makes of some images. */
interface Sample {
  readonly json: tf.io.ModelJSON;
  /** The bytes of each weight file, in order, as base64. */
  readonly weights: readonly string[];
  readonly shape: [number, number, number, number];
  readonly images: readonly number[];
  readonly logits: readonly number[];
}

/** The largest relative difference of a GraphModel's logits in stock TensorFlow.js, which is all that this page has. */
async function run(backend: string, sample: Sample): Promise<number> {
  if (!(await tf.setBackend(backend)))
    throw new Error(`the ${backend} backend does not start in this browser`);
  await tf.ready();
  const { modelTopology, weightsManifest, ...rest } = sample.json;
  const parts = sample.weights.map((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
  const weightData = await new Blob(parts).arrayBuffer();
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const model = await tf.loadGraphModel(
    tf.io.fromMemory({ ...rest, modelTopology, weightSpecs, weightData } as tf.io.ModelArtifacts),
  );
  const logits = model.predict(tf.tensor4d([...sample.images], sample.shape)) as tf.Tensor;
  const found = await logits.data();
  const largest = Math.max(...sample.logits.map(Math.abs));
  return Math.max(...sample.logits.map((expected, i) => Math.abs(found[i] - expected) / largest));
}

(globalThis as { runGraphModel?: typeof run }).runGraphModel = run;
