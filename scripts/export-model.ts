import { stat } from 'node:fs/promises';

import { createModel, isModelName, listModels, type ModelName } from '../models';
import { useBackend, type BackendName } from '../src/backends/use-backend-node';
import { invalidArgument, nearest, unknownChoice } from '../src/errors';
import { cardBeside, checkExportTarget } from '../src/export/export-target-node';
import type { ModelDescription } from '../src/export/model-description';
import type { ExternalDataOption } from '../src/export/onnx-external';
import type { QuantisedDtype } from '../src/export/quantise';
import { checksumsBeside } from '../src/files/checksums';
import { readResult, readRunConfig, type CheckpointName } from '../src/train/run-folder-node';
import { EXPORT_FORMATS, FORMAT_NAMES, type FormatName, type FormatReport } from './export-formats';
import { loadRunModel, type RunModel } from './load-run-model';
import { modelCard, type CardFacts } from './model-card';

/** What an export consists of, in order. */
export const EXPORT_STEPS = [
  'building the model',
  'writing and verifying',
  'writing the model card',
] as const;

export interface ExportRequest {
  /** A run folder, or the name of a model, which is exported with fresh weights. */
  readonly source: string;
  /** The folder or file to make, as the format has it. */
  readonly to: string;
  /** Default `layers-model`. */
  readonly format?: FormatName;
  /** What kernels are stored as; default float32. */
  readonly quantize?: QuantisedDtype;
  /** Whether the weights of an ONNX model are in a file of their own; default `auto`, where one file cannot hold them. */
  readonly externalData?: ExternalDataOption;
  readonly overwrite?: boolean;
  /** Of a run; default `best`. */
  readonly checkpoint?: CheckpointName;
  /** Of the fresh weights of a model; default 0. */
  readonly seed?: number;
  readonly backend?: BackendName;
  /** Told how many of {@link EXPORT_STEPS} are done. */
  readonly onStep?: (done: number) => void;
}

export interface ExportReport extends FormatReport {
  readonly source: string;
  readonly format: FormatName;
  readonly quantize?: QuantisedDtype;
  /** The folder or file. */
  readonly path: string;
  /** The folder, where it is one. */
  readonly folder?: string;
  /** The model card: in the folder, or beside the file. */
  readonly card: string;
  readonly description: ModelDescription;
}

/**
 * Exports a run or a fresh model in one of the formats, runs what was written against the model, and writes a model card.
 *
 * @throws InvalidArgumentError if `source` is neither, or an option does not go with it or with the format
 * @throws CardinalError if the run is damaged, or the target is there already or cannot be written, or if the export
 *   predicts otherwise than the model
 *
 * @example
 * const { bytes } = await exportModel({ source: 'runs/toy', to: 'exports/toy.onnx', format: 'onnx' });
 */
export async function exportModel(request: ExportRequest): Promise<ExportReport> {
  const { source, to, format = 'layers-model', quantize, externalData, overwrite } = request;
  const { onStep = () => {} } = request;
  await checkExportSource(source);
  const { kind, write, externalData: dataPath } = formatFor(format, quantize, externalData);
  const companions = kind === 'file' ? [cardBeside(to), checksumsBeside(to)] : [];
  await checkExportTarget(to, kind, { overwrite });
  for (const path of companions) await checkExportTarget(path, 'file', { overwrite });
  if (externalData === true && dataPath) await checkExportTarget(dataPath(to), 'file', { overwrite });
  const build = await builderFor(request);
  onStep(0);
  const { model, description, run } = await build(request.backend);
  try {
    onStep(1);
    const card = (report: FormatReport): string => {
      onStep(2);
      return modelCard({ model, description, format, quantize, path: to, report, run });
    };
    const options = { overwrite, description, externalData, card, ...(quantize && { quantize }) };
    const report = await write(model, to, options);
    onStep(3);
    const folder = kind === 'folder' ? { folder: to } : {};
    return {
      source,
      format,
      ...(quantize && { quantize }),
      path: to,
      ...folder,
      description,
      ...report,
    };
  } finally {
    model.dispose();
  }
}

function formatFor(
  format: FormatName,
  quantize: QuantisedDtype | undefined,
  externalData: ExternalDataOption | undefined,
): (typeof EXPORT_FORMATS)[FormatName] {
  if (!FORMAT_NAMES.includes(format)) throw unknownChoice('--format', format, FORMAT_NAMES);
  const found = EXPORT_FORMATS[format];
  if (quantize !== undefined && !found.quantize.includes(quantize)) {
    const able = FORMAT_NAMES.filter((name) => EXPORT_FORMATS[name].quantize.includes(quantize));
    throw invalidArgument('--quantize', `nothing for ${format} (${able.join(' and ')} take it)`, quantize);
  }
  if (externalData !== undefined && found.externalData === undefined) {
    const able = FORMAT_NAMES.filter((name) => EXPORT_FORMATS[name].externalData !== undefined);
    const expectation = `nothing for ${format} (${able.join(' and ')} takes it)`;
    throw invalidArgument('--external-data', expectation, externalData);
  }
  return found;
}

/**
 * Throws unless a source is a run folder or a model: what else may be wrong with a request depends on which.
 *
 * @throws InvalidArgumentError suggesting the nearest model
 */
export async function checkExportSource(source: string): Promise<void> {
  if (isModelName(source) || (await stat(source).catch(() => undefined)) !== undefined) return;
  const near = nearest(source, listModels());
  const hint = near === undefined ? '' : ` (did you mean '${near}'?)`;
  const expectation = `a run folder that is there, or a model that \`cardinal list\` shows${hint}`;
  throw invalidArgument('source', expectation, source);
}

async function builderFor({ source, checkpoint, seed }: ExportRequest): Promise<Build> {
  const isRun = (await stat(source).catch(() => undefined)) !== undefined;
  if (isRun && seed !== undefined) {
    throw invalidArgument('--seed', `no seed for a run, whose weights are there (${source})`, seed);
  }
  if (!isRun && checkpoint !== undefined) {
    throw invalidArgument(
      '--checkpoint',
      `no checkpoint for a model with fresh weights (${source})`,
      checkpoint,
    );
  }
  return isRun ? runModel(source, checkpoint) : freshModel(source, seed);
}

type Build = (backend: BackendName | undefined) => Promise<RunModel & Pick<CardFacts, 'run'>>;

function runModel(folder: string, checkpoint: CheckpointName = 'best'): Build {
  return async (backend) => {
    const config = await readRunConfig(folder);
    const result = await readResult(folder);
    await useBackend(backend);
    const loaded = await loadRunModel(folder, config, checkpoint);
    return { ...loaded, run: { config, ...(result !== undefined && { result }) } };
  };
}

function freshModel(name: string, seed = 0): Build {
  return async (backend) => {
    await useBackend(backend);
    const model = createModel(name as ModelName, { seed });
    return { model, description: { model: name, output: 'logits', weights: { kind: 'initial', seed } } };
  };
}
