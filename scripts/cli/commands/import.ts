import type { Command } from 'commander';

import type { LoadProgress } from '../../../src/data/load-progress';
import { invalidArgument } from '../../../src/errors';
import { importOnnxModelFile, type OnnxImportReport } from '../../import-onnx';
import { importWeights, type ImportReport, type ImportRequest } from '../../import-weights';
import { checkGivenFile, checkWeightSource } from '../given-paths';
import { checkModelName } from '../known-model';
import { note, print, printJson } from '../output';
import { fileSizes, grouped } from '../plain-table';
import { startProgress, type Progress } from '../progress';
import { addOptions, BACKEND_OPTION, doesNotApply, ORIGIN_OPTIONS, whole } from '../train-options';

const EXAMPLES = `
Examples:
  $ cardinal import resnet18 --weights hf:timm/resnet18.tv_in1k --to exports/resnet18
  $ cardinal import shufflenet_v2_x1_0 --weights shufflenet.safetensors --to exports/shufflenet
  $ cardinal import resnet50 --weights resnet50.safetensors --num-classes 5 --no-strict --to exports/mine
  $ cardinal import regnet_x_400mf.onnx --to exports/regnet

Weights are a safetensors file under PyTorch's names: those of torchvision's model of the same name, or of timm's where its
modules have the same names, as in ResNet, ResNeXt, SE-ResNeXt, DenseNet and MobileNet V1. In Python:
  safetensors.torch.save_file(torchvision.models.resnet18(weights='DEFAULT').state_dict(), 'resnet18.safetensors')
hf:OWNER/REPO is model.safetensors of a repository on the Hugging Face hub; hf:OWNER/REPO/FILE@REVISION any other file.
An ONNX file, such as torch.onnx.export writes, is layers and weights in one; its images come to have their channels last.
What is fetched is kept in the cache folder, which \`cardinal doctor\` shows.`;

interface ImportFlags extends Omit<ImportRequest, 'model' | 'weights' | 'to' | 'onProgress'> {
  readonly weights?: string;
  readonly inputSize?: number;
  readonly verify?: boolean;
  readonly to?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('import')
    .description('write a model with weights from PyTorch, or an ONNX model, as a tfjs LayersModel folder')
    .argument('<model>', 'a model that `cardinal list` shows, or an ONNX file')
    .option('--weights <source>', 'a safetensors file, a URL or hf:OWNER/REPO')
    .option('--to <folder>', 'the folder to make, such as exports/resnet18')
    .option('--num-classes <n>', "classes to tell apart (the model's own)", whole('--num-classes', 1))
    .option('--no-strict', 'load what fits, and leave the rest fresh, such as a new classifier')
    .option('--seed <n>', 'of what is left fresh (0)', whole('--seed', 0))
    .option(
      '--input-size <n>',
      'height and width where an ONNX file leaves them open',
      whole('--input-size', 1),
    )
    .option('--no-verify', 'do not run an ONNX file in ONNX Runtime (onnxruntime-node) to compare')
    .option('--overwrite', 'replace an export that --to holds already');
  addOptions(command, [...ORIGIN_OPTIONS, BACKEND_OPTION]);
  command
    .option('--json', 'print what was done as JSON')
    .addHelpText('after', EXAMPLES)
    .action((model: string, flags: ImportFlags) => runImport(command, model, flags));
}

async function runImport(command: Command, model: string, flags: ImportFlags): Promise<void> {
  const { to } = flags;
  const isFile = /\.onnx$/i.test(model);
  if (isFile) await checkGivenFile(model);
  else checkModelName(model);
  if (to === undefined)
    throw invalidArgument('--to', 'a folder to make, such as exports/resnet18', 'nothing');
  checkApplicable(command, isFile);
  return isFile ? runOnnxImport(model, to, flags) : runWeightsImport(model, to, flags);
}

const OF_A_MODEL = ['weights', 'numClasses', 'strict', 'seed', 'padType', 'normEpsilon'];
const OF_A_FILE = ['inputSize', 'verify'];

/** An option that would do nothing is a mistake. */
function checkApplicable(command: Command, isFile: boolean): void {
  const wrong = isFile ? OF_A_MODEL : OF_A_FILE;
  const reason = isFile
    ? 'an ONNX file has its layers and weights'
    : 'it is for ONNX files, and this is a model';
  for (const option of command.options) {
    const name = option.attributeName();
    if (!wrong.includes(name) || command.getOptionValueSource(name) !== 'cli') continue;
    const because = name === 'weights' ? 'the file has them' : reason;
    throw doesNotApply(option.long as string, because, command.getOptionValue(name));
  }
}

async function runOnnxImport(file: string, to: string, flags: ImportFlags): Promise<void> {
  const { inputSize, overwrite, backend, verify, json } = flags;
  const report = await importOnnxModelFile({ file, to, inputSize, overwrite, backend, verify });
  if (json === true) printJson(report);
  else print(describeOnnx(report));
}

async function runWeightsImport(model: string, to: string, given: ImportFlags): Promise<void> {
  const { json, weights, ...flags } = given;
  if (weights === undefined) throw invalidArgument('--weights', 'a file, a URL or hf:OWNER/REPO', 'nothing');
  await checkWeightSource('--weights', weights);
  let progress: Progress | undefined;
  const onProgress = ({ phase, done, total, unit }: LoadProgress): void => {
    progress ??= startProgress(phase, total, unit);
    progress.update(done);
  };
  let report: ImportReport;
  try {
    report = await importWeights({ ...flags, model, weights, to, onProgress });
  } finally {
    progress?.stop();
  }
  for (const line of [...leftOut(report), ...renamed(report)]) note(line);
  if (json === true) printJson(report);
  else print(describe(report));
}

/** What `--no-strict` passed over, a line a kind. */
function leftOut({ missing, unexpected, mismatched }: ImportReport): string[] {
  const shapes = mismatched.map(
    ({ name, expected, received }) => `${name} (expected ${expected}, received ${received})`,
  );
  return Object.entries({
    'left fresh, since the source lacks them': missing,
    'left fresh, since their shapes differ': shapes,
    'not used, since the model lacks them': unexpected,
  }).flatMap(([what, names]) => (names.length === 0 ? [] : [`${what}: ${names.join(', ')}`]));
}

/** What was done to the names in the source. */
function renamed({ prefix = '', wrappers = [], otherCopies = [] }: ImportReport): string[] {
  const without = prefix === '' ? 'without a prefix' : `under '${prefix}'`;
  return [
    ...(prefix === '' ? [] : [`taken off before the names in the source: '${prefix}'`]),
    ...(wrappers.length === 0 ? [] : [`taken out of the names in the source: ${wrappers.join(', ')}`]),
    ...otherCopies.map(
      (other) =>
        `the source has the weights twice: those ${without} were loaded, those ${other === '' ? 'without a prefix' : `under '${other}'`} passed over`,
    ),
  ];
}

function describeOnnx(report: OnnxImportReport): string {
  const { source, layers, params, original, folder, files, verified } = report;
  return [
    `${source}, ${layers} layers with ${grouped(params)} weights, in ${folder}: ${fileSizes(files)}`,
    againstFile(original),
    readBack(verified),
  ].join('\n');
}

function againstFile(original: OnnxImportReport['original']): string {
  if ('unverified' in original) return `not verified against ONNX Runtime: ${original.unverified}`;
  const { by, images, largestDifference } = original;
  return `verified by ${by}: the same for ${images} seeded images, to ${largestDifference.toPrecision(2)} of the largest output`;
}

function describe({ model, source, loaded, folder, files, verified }: ImportReport): string {
  return [
    `${model}, ${loaded} weights from ${source}, in ${folder}: ${fileSizes(files)}`,
    readBack(verified),
  ].join('\n');
}

function readBack({ backend, images }: ImportReport['verified']): string {
  return `read back on ${backend}: the same bits for ${images} seeded images`;
}
