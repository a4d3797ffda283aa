import { useBackend, type BackendName } from '../src/backends/use-backend-node';
import { saveLayersModel, type SavedLayersModel } from '../src/export/save-layers-model-node';
import { importOnnxFile } from '../src/import/onnx-node';
import type { OnnxVerification } from '../src/import/verify-onnx-node';

export interface OnnxImportRequest {
  /** The ONNX file; others that it names are beside it. */
  readonly file: string;
  /** The folder to make. */
  readonly to: string;
  /** Height and width of the images, where the file leaves them open. */
  readonly inputSize?: number;
  readonly overwrite?: boolean;
  /** `false` does not run the file in ONNX Runtime. */
  readonly verify?: boolean;
  readonly backend?: BackendName;
}

export interface OnnxImportReport extends SavedLayersModel {
  readonly source: string;
  readonly layers: number;
  readonly params: number;
  /** How the import was held against the file itself. */
  readonly original: OnnxVerification;
  /** Of the images, `[batch, height, width, channels]`. */
  readonly inputShapes: readonly (readonly (number | null)[])[];
}

/**
 * Writes an ONNX model as a tfjs LayersModel folder. Where ONNX Runtime is installed, the import is held against the file in it;
 * the folder is read back before it counts.
 *
 * @throws OnnxError if the file cannot be read, is damaged or has what no layer here computes, or if the import computes
 *   otherwise than ONNX Runtime does
 * @throws CardinalError if the folder is there already or cannot be written
 *
 * @example
 * await importOnnxModelFile({ file: 'regnet_x_400mf.onnx', to: 'exports/regnet' });
 */
export async function importOnnxModelFile(request: OnnxImportRequest): Promise<OnnxImportReport> {
  const { file, to, inputSize, overwrite, verify } = request;
  await useBackend(request.backend);
  let original: OnnxVerification = { unverified: 'it was not asked for' };
  const model = await importOnnxFile(file, {
    ...(inputSize !== undefined && { inputSize: [inputSize, inputSize] as const }),
    verify,
    onVerified: (verification) => (original = verification),
  });
  try {
    const saved = await saveLayersModel(model, to, { overwrite });
    return {
      source: file,
      layers: model.layers.length,
      params: model.countParams(),
      original,
      inputShapes: model.inputs.map(({ shape }) => shape),
      ...saved,
    };
  } finally {
    model.dispose();
  }
}
