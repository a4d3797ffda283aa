import { basename } from 'node:path';

import type * as tf from '@tensorflow/tfjs';

import { isModelName, modelInfo } from '../models';
import type { ModelDescription } from '../src/export/model-description';
import type { QuantisedDtype } from '../src/export/quantise';
import { inspectModel } from '../src/inspect/inspect-model';
import type { RunConfig, RunResult } from '../src/train/run-config';
import { EXPORT_FORMATS, type FormatName, type FormatReport } from './export-formats';
import { packageVersion } from './package-version';

/** What a model card tells of. */
export interface CardFacts {
  readonly model: tf.LayersModel;
  readonly description: ModelDescription;
  readonly format: FormatName;
  readonly quantize?: QuantisedDtype;
  readonly path: string;
  readonly report: FormatReport;
  /** Of a run. */
  readonly run?: { readonly config: RunConfig; readonly result?: RunResult };
}

/**
 * The model card of an export, in Markdown: what it is and takes, how it was trained and how well it does, whose it is.
 *
 * Source: Mitchell et al., "Model cards for model reporting", arXiv:1810.03993.
 */
export function modelCard(facts: CardFacts): string {
  const { description, format, path } = facts;
  const { title, usage } = EXPORT_FORMATS[format];
  return [
    `# ${description.model}`,
    `An image classifier as ${title}, exported by tfjs-cardinal ${packageVersion()}.`,
    table(modelRows(facts)),
    '## Use',
    // Whoever reads it has the export somewhere else.
    ['```' + usage.language, ...usage.lines(basename(path)), '```'].join('\n'),
    preparation(description),
    '## Training',
    training(facts),
    '## Export',
    table(exportRows(facts)),
    '## Licence',
    licence(facts),
    '',
  ].join('\n\n');
}

type Row = readonly [label: string, value: string];

function modelRows({ model, description, run }: CardFacts): Row[] {
  const { params, macs } = inspectModel(model);
  const { model: name, classNames, input } = description;
  const classes = model.outputs[0].shape.at(-1);
  const rows: Row[] = [
    ['parameters', `${count(params.trainable)} trainable, ${count(params.nonTrainable)} others`],
    ['multiply-accumulates an image', count(macs)],
    [
      'input',
      `images of ${(input?.shape ?? model.inputs[0].shape.slice(1)).join(' x ')}, height, width, channels`,
    ],
    ['output', `${classes} logits, before a softmax`],
  ];
  if (classNames !== undefined) rows.push(['classes', classNames.join(', ')]);
  if (isModelName(name)) rows.unshift(['family', `${modelInfo(name).family}: ${modelInfo(name).paper}`]);
  const accuracy = accuracyOf(description, run?.result);
  if (accuracy !== undefined) rows.push(['accuracy', accuracy]);
  return rows;
}

/** What the run measured, which it measured of its best checkpoint. */
function accuracyOf({ weights }: ModelDescription, result: RunResult | undefined): string | undefined {
  if (weights.kind !== 'trained' || weights.checkpoint !== 'best' || result === undefined) return undefined;
  const { testAccuracy, testImages, testData = weights.data } = result;
  return `${(100 * testAccuracy).toFixed(2)} % of ${count(testImages)} images of ${testData}, in float32`;
}

function preparation({ input }: ModelDescription): string {
  if (input === undefined) return 'Nobody has trained it, so no images are the right ones for it yet.';
  return `Pixels are scaled to [0, 1], less ${list(input.mean)}, divided by ${list(input.std)}, channel by channel.`;
}

function training({ description, run }: CardFacts): string {
  const { weights } = description;
  if (weights.kind === 'initial') return `None: the weights are fresh, of seed ${weights.seed}.`;
  if (weights.kind !== 'trained' || run === undefined)
    return `Its weights are not from a run of tfjs-cardinal.`;
  const { config, result } = run;
  const { recipe, model } = config;
  const started = model.weights === undefined ? [] : ([['started from', model.weights]] as Row[]);
  const rows: Row[] = [
    ['data', `${config.data.name}${result === undefined ? '' : `, ${count(result.trainImages)} images`}`],
    ['checkpoint', `${weights.checkpoint}, after ${weights.epochs} of ${recipe.epochs} epochs`],
    ['weights', weights.averaged ? 'the moving average' : 'as trained'],
    ...started,
    ['seed', String(recipe.seed)],
    ['computed on', `${config.backend}, ${versions(config.versions)}`],
  ];
  return [table(rows), `Recipe: \`${JSON.stringify(recipe)}\``].join('\n\n');
}

function exportRows({ format, quantize, report }: CardFacts): Row[] {
  const { files, verified } = report;
  return [
    ['format', EXPORT_FORMATS[format].title],
    ['kernels', quantize ?? 'float32'],
    ...Object.entries(files).map(([name, bytes]): Row => [name, `${count(bytes)} bytes`]),
    [
      'verified',
      'unverified' in verified
        ? `no: ${verified.unverified}`
        : `${verified.by}, ${verified.images} images; the largest difference, by the largest output, is ` +
          verified.largestDifference.toPrecision(2),
    ],
  ];
}

function licence({ description, run }: CardFacts): string {
  const own = 'The code that built, trained and exported it, tfjs-cardinal, is under Apache-2.0.';
  if (description.weights.kind === 'initial') return own;
  const from = run?.config.model.weights;
  const data = `the terms of the data${from === undefined ? '' : ` and of ${from}`}`;
  return `${own} The weights are for whoever trained them to license; ${data} apply to them.`;
}

function table(rows: readonly Row[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const lines = rows.map(([label, value]) => `| ${cell(label)} | ${cell(value)} |`);
  return ['| | |', '|---|---|', ...lines].join('\n');
}

function versions(all: Readonly<Record<string, string>>): string {
  return Object.entries(all)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
}

function list(values: readonly number[]): string {
  return `(${values.join(', ')})`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
