import { importOnnx } from '../../src/import/onnx';
import { onnxFile, type MadeFile } from './onnx-files';
import { differenceFromOnnx } from './onnxruntime';

/** Fails unless a file that is made here is imported as a model that predicts what ONNX Runtime computes. */
export async function importAgrees(file: MadeFile, batch?: number): Promise<void> {
  const bytes = onnxFile(file);
  const model = importOnnx(bytes);
  expect(await differenceFromOnnx(bytes, model, { batch })).toBeLessThan(1e-5);
  model.dispose();
}
