import { basename } from 'node:path';

import type * as tf from '@tensorflow/tfjs';

import {
  writeExportFiles,
  writeExportFolder,
  type TargetKind,
  type PlacedExport,
  type TargetOptions,
  type WriteOptions,
  type WrittenExport,
} from '../src/export/export-target-node';
import { GRAPH_MODEL_FILE, toGraphModel } from '../src/export/graph-model';
import { DESCRIPTION_KEY, type ModelDescription } from '../src/export/model-description';
import { externalDataName, toOnnxFiles } from '../src/export/onnx';
import type { ExternalDataOption } from '../src/export/onnx-external';
import { QUANTISED_DTYPES, type QuantisedDtype } from '../src/export/quantise';
import { SAVED_MODEL_FILE, savedModelBytes, TENSORFLOW_DIALECT } from '../src/export/saved-model';
import { writeLayersModel, type SavedLayersModel } from '../src/export/save-layers-model-node';
import { toTensorflowGraph } from '../src/export/tensorflow-graph';
import { foldBatchNorm } from '../src/graph/fold-batch-norm';
import type { Graph } from '../src/graph/graph';
import { lowerModel } from '../src/graph/lower-model';
import { torchTensors } from '../src/import/torch-weights';
import { safetensorsPieces } from '../src/safetensors/serialise';
import {
  readGraphModel,
  readOnnx,
  readSavedModel,
  readTorchWeights,
  verifyExport,
  type Verification,
} from './verify-export';

export const FORMAT_NAMES = ['layers-model', 'graph-model', 'onnx', 'saved-model', 'safetensors'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

export interface FormatOptions extends TargetOptions {
  readonly description: ModelDescription;
  /** One of the format's own. */
  readonly quantize?: QuantisedDtype;
  /** Of a format that has external data: whether weights are in a file of their own. */
  readonly externalData?: ExternalDataOption;
  /** The text of the model card, once all else is written and checked. */
  readonly card: (report: FormatReport) => string;
}

/** What was written, and how it was tried out. */
export interface FormatReport {
  /** Bytes of each file. */
  readonly files: Readonly<Record<string, number>>;
  /** Bytes of all of them. */
  readonly bytes: number;
  readonly verified: Verification;
}

/** With where the model card is. */
export interface PlacedFormat extends FormatReport {
  readonly card: string;
}

export interface ExportFormat {
  /** For a person. */
  readonly title: string;
  /** A file whose name ends in this, or a folder. */
  readonly kind: TargetKind;
  /** What a file of it is called, `toy` being the model. */
  readonly example: string;
  /** What kernels can be stored as besides float32. */
  readonly quantize: readonly QuantisedDtype[];
  /** Where its weights can be in a file of their own, the path of that. */
  readonly externalData?: (path: string) => string;
  /** Lines of a program that uses it, in this language. */
  readonly usage: { readonly language: string; readonly lines: (path: string) => readonly string[] };
  /** Writes it and its card, whole or not at all, and runs what was written against the model. */
  write(model: tf.LayersModel, to: string, options: FormatOptions): Promise<PlacedFormat>;
}

/** The formats of `cardinal export`, one entry each. */
export const EXPORT_FORMATS: Readonly<Record<FormatName, ExportFormat>> = {
  'layers-model': {
    title: 'tfjs LayersModel',
    kind: 'folder',
    example: 'exports/toy',
    quantize: QUANTISED_DTYPES,
    usage: {
      language: 'js',
      lines: (path) => [
        `require('tfjs-cardinal'); // registers GroupedConv2D`,
        `const model = await tf.loadLayersModel('file://${path}/model.json'); // or over HTTP`,
      ],
    },
    async write(model, to, options) {
      const { overwrite, description, quantize, card } = options;
      const reported = ({ files, bytes, verified }: SavedLayersModel): FormatReport => {
        const { images, backend, largestDifference } = verified;
        const by = `tf.loadLayersModel on ${backend}`;
        return { files, bytes, verified: { images, by, largestDifference } };
      };
      const placed = await writeLayersModel(model, to, {
        overwrite,
        description,
        quantize,
        card: (saved) => card(reported(saved)),
      });
      return { ...reported(placed), card: placed.card as string };
    },
  },
  'graph-model': {
    title: 'tfjs GraphModel',
    kind: 'folder',
    example: 'exports/toy-graph',
    quantize: QUANTISED_DTYPES,
    usage: {
      language: 'js',
      lines: (path) => [
        `const model = await tf.loadGraphModel('file://${path}/model.json'); // or over HTTP`,
      ],
    },
    async write(model, to, options) {
      const files = described(
        toGraphModel(graphOf(model), { quantize: options.quantize }),
        options.description,
      );
      const check = (path: string) => verifyExport(model, path, readGraphModel, options);
      return placedFormat(await writeExportFolder(to, files, writing(options, check)));
    },
  },
  onnx: {
    title: 'ONNX',
    kind: 'file',
    example: 'exports/toy.onnx',
    quantize: [],
    externalData: externalDataName,
    usage: {
      language: 'python',
      lines: (path) => [
        `session = onnxruntime.InferenceSession('${path}')`,
        'logits = session.run(None, {session.get_inputs()[0].name: images})[0]  # images [batch, channels, height, width]',
      ],
    },
    async write(model, to, options) {
      const { mean, std } = options.description.input ?? {};
      const { externalData } = options;
      const metadata = metadataOf(options.description);
      const name = basename(to);
      const graph = graphOf(model);
      const contents = toOnnxFiles(graph, name, { mean, std, metadata, externalData });
      const check = (path: string) => verifyExport(model, path, readOnnx, { graph });
      const companions = [externalDataName(name)];
      return placedFormat(await writeExportFiles(to, contents, companions, writing(options, check)));
    },
  },
  'saved-model': {
    title: 'TensorFlow SavedModel',
    kind: 'folder',
    example: 'exports/toy-saved',
    quantize: [],
    usage: {
      language: 'python',
      lines: (path) => [
        `predict = tf.saved_model.load('${path}').signatures['serving_default']`,
        'print(predict.structured_input_signature, predict.structured_outputs)',
      ],
    },
    async write(model, to, options) {
      const graph = graphOf(model);
      const tensorflow = toTensorflowGraph(graph, TENSORFLOW_DIALECT);
      const check = (path: string) => verifyExport(model, path, readSavedModel(tensorflow), { graph });
      const content = new Map([[SAVED_MODEL_FILE, savedModelBytes(tensorflow)]]);
      return placedFormat(await writeExportFolder(to, content, writing(options, check)));
    },
  },
  safetensors: {
    title: "safetensors under PyTorch's names",
    kind: 'file',
    example: 'exports/toy.safetensors',
    quantize: [],
    usage: {
      language: 'python',
      lines: (path) => [`module.load_state_dict(safetensors.torch.load_file('${path}'), strict=False)`],
    },
    async write(model, to, options) {
      const metadata = new Map([['format', 'pt'], ...Object.entries(metadataOf(options.description))]);
      const content = new Map([[basename(to), safetensorsPieces(torchTensors(model), metadata)]]);
      const check = (path: string) => verifyExport(model, path, readTorchWeights(model));
      return placedFormat(await writeExportFiles(to, content, [], writing(options, check)));
    },
  },
};

type Check = (path: string) => Promise<Verification>;

function writing({ overwrite, card }: FormatOptions, check: Check): WriteOptions<Verification> {
  return { overwrite, check, card: (written) => card(formatReport(written)) };
}

function formatReport({ files, bytes, checked }: WrittenExport<Verification>): FormatReport {
  return { files, bytes, verified: checked };
}

function placedFormat(placed: PlacedExport<Verification>): PlacedFormat {
  return { ...formatReport(placed), card: placed.card as string };
}

function graphOf(model: tf.LayersModel): Graph {
  return foldBatchNorm(lowerModel(model));
}

/** With what a program must know in the model's user-defined metadata, as a LayersModel has it. */
function described(
  files: ReadonlyMap<string, Uint8Array>,
  description: ModelDescription,
): ReadonlyMap<string, Uint8Array | string> {
  const json = JSON.parse(new TextDecoder().decode(files.get(GRAPH_MODEL_FILE))) as tf.io.ModelJSON;
  const userDefinedMetadata = { ...json.userDefinedMetadata, [DESCRIPTION_KEY]: description };
  return new Map<string, Uint8Array | string>([
    ...files,
    [GRAPH_MODEL_FILE, JSON.stringify({ ...json, userDefinedMetadata })],
  ]);
}

function metadataOf({ model, classNames }: ModelDescription): Record<string, string> {
  return { model, ...(classNames !== undefined && { classNames: JSON.stringify(classNames) }) };
}
