import { useBackend, type BackendName } from '../src/backends/use-backend-node';
import { saveLayersModel, type SavedLayersModel } from '../src/export/save-layers-model-node';
import { importOnnxFile } from '../src/import/onnx-node';

export interface OnnxImportRequest {
  /** The ONNX file; others that it names are beside it. */
  readonly file: string;
  /** The folder to make. */
  readonly to: string;
  /** Height and width of the images, where the file leaves them open. */
  readonly inputSize?: number;
  readonly overwrite?: boolean;
  readonly backend?: BackendName;
}

export interface OnnxImportReport extends SavedLayersModel {
  readonly source: string;
  readonly layers: number;
  readonly params: number;
  /** Of the images, `[batch, height, width, channels]`. */
  readonly inputShapes: readonly (readonly (number | null)[])[];
}

/**
 * Writes an ONNX model as a tfjs LayersModel folder, which is read back before it counts.
 *
 * @throws OnnxError if the file cannot be read, is damaged or has what no layer here computes
 * @throws CardinalError if the folder is there already or cannot be written
 *
 * @example
 * await importOnnxModelFile({ file: 'regnet_x_400mf.onnx', to: 'exports/regnet' });
 */
export async function importOnnxModelFile(request: OnnxImportRequest): Promise<OnnxImportReport> {
  const { file, to, inputSize, overwrite } = request;
  await useBackend(request.backend);
  const model = await importOnnxFile(
    file,
    inputSize === undefined ? {} : { inputSize: [inputSize, inputSize] },
  );
  try {
    const saved = await saveLayersModel(model, to, { overwrite });
    return {
      source: file,
      layers: model.layers.length,
      params: model.countParams(),
      inputShapes: model.inputs.map(({ shape }) => shape),
      ...saved,
    };
  } finally {
    model.dispose();
  }
}
