import type { Command } from 'commander';
import {
  type FeatureInfo,
  type ModelInfo,
  type ModelName,
  type ModelOptions,
  type Preprocessing,
  featureInfo,
  modelInfo,
} from '../../../models';
import { invalidArgument } from '../../../src/errors';
import { type ModelReport, inspectModel } from '../../../src/inspect/inspect-model';
import { weightlessModel } from '../../weightless-model';
import { colors, print, printJson } from '../output';
import { grouped, plainTable } from '../plain-table';
import { whole } from '../train-options';
import { columnsOf, wrapped } from '../wrap';

interface InfoOptions {
  numClasses?: number;
  inputShape?: ModelOptions['inputShape'];
  json?: boolean;
}

const EXAMPLES = `
Examples:
  $ cardinal info resnext29_8x4d
  $ cardinal info mobilenet_v2_cifar --num-classes 100 --input-shape 64x64x3
  $ cardinal info resnext_toy --json`;

export function register(program: Command): void {
  program
    .command('info')
    .description('show the layers, parameters, MACs and activations of a model')
    .argument('<model>', "a model's name, as 'cardinal list' prints it")
    .option('--num-classes <number>', 'classes to tell apart', whole('--num-classes', 1))
    .option('--input-shape <HxWxC>', "size of one image, such as '64x64x3'", imageShape)
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action((model: string, options: InfoOptions) => info(model, options));
}

async function info(name: string, { numClasses, inputShape, json }: InfoOptions): Promise<void> {
  const model = await weightlessModel(name, { numClasses, inputShape });
  const report = inspectModel(model);
  const features = featureInfo(model);
  model.dispose();
  const { family, paper, source, mean, std, crop, interpolation } = modelInfo(name as ModelName);
  const facts = { family, paper, source, mean, std, crop, interpolation, features };
  if (json) printJson({ ...report, ...facts });
  else print(asText(report, facts));
}

function imageShape(text: string): ModelOptions['inputShape'] {
  const sizes = /^(\d+)x(\d+)x(\d+)$/.exec(text)?.slice(1).map(Number);
  if (sizes === undefined) throw invalidArgument('--input-shape', "sizes such as '64x64x3'", text);
  return [sizes[0], sizes[1], sizes[2]];
}

interface Facts extends Pick<ModelInfo, 'family' | 'paper' | 'source' | keyof Preprocessing> {
  readonly features: readonly FeatureInfo[];
}

function asText(report: ModelReport, facts: Facts): string {
  const table = plainTable(['layer', 'type', 'output', 'parameters', 'MACs', 'activations'], [3, 4, 5]);
  for (const { name, className, outputShape, params, macs, activations } of report.layers) {
    const counts = [params.total, macs, activations].map((count) => (count === 0 ? '' : grouped(count)));
    table.push([name, className, outputShape.join('x'), ...counts]);
  }
  const { trainable, nonTrainable, total } = report.params;
  const lines = [
    `${colors.bold(report.name)} for images of ${report.inputShape.join('x')}`,
    `parameters   ${grouped(trainable)} trainable + ${grouped(nonTrainable)} batch-norm statistics = ${grouped(total)}`,
    `MACs         ${grouped(report.macs)} of convolutions and linear layers, for one image`,
    `activations  ${grouped(report.activations)} elements out of those layers, for one image`,
    `input        ${preprocessingText(facts)}`,
    ...(facts.features.length === 0 ? [] : [`features     ${featuresText(facts.features)}`]),
    `source       ${sourceText(facts)}`,
    `paper        ${facts.paper}`,
  ];
  return [table.toString(), '', wrapped(lines.join('\n'), columnsOf(process.stdout), 13)].join('\n');
}

function preprocessingText({ mean, std, crop, interpolation }: Preprocessing): string {
  const { resize, size } = crop;
  const cropped =
    resize === size ? '' : `, shorter side to ${resize} (${interpolation}), centre ${size}x${size}`;
  return `(pixel / 255 - mean) / std, mean ${mean.join(' ')}, std ${std.join(' ')}${cropped}`;
}

function featuresText(features: readonly FeatureInfo[]): string {
  return features
    .map(({ module, channels, stride }) => `${module} (${channels} channels, stride ${stride})`)
    .join(', ');
}

function sourceText({ source, family }: Facts): string {
  return source === 'paper' ? `${family}, built by the paper` : `${family}, as ${source} defines it`;
}
