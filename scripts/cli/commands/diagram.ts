import type { Command } from 'commander';
import type { LayersModel } from '@tensorflow/tfjs';
import { stat } from 'node:fs/promises';
import {
  OUTLINE_DETAILS,
  type OutlineDetail,
  alternativeForms,
  blockForms,
  connectivityDiagram,
  convolutionForm,
  type ConvolutionForm,
  formOptions,
  formArithmetic,
  modelOutline,
  outlineDiagram,
  readConvolution,
  readResNeXtBlock,
  resnextBlockDiagram,
  separableForm,
} from '../../../src/diagrams';
import { CardinalError, invalidArgument } from '../../../src/errors';
import { writeWhole } from '../../../src/files/write-whole';
import { weightlessModel } from '../../weightless-model';
import { CONVOLUTION_OPTIONS, type ConvolutionFlags, convolutionFromFlags } from '../convolution-options';
import { checkModelName } from '../known-model';
import { print, printJson } from '../output';
import { addOptions, choice, option } from '../train-options';

const EXAMPLES = `
Examples:
  $ cardinal diagram resnext_toy --to resnext-toy.svg
  $ cardinal diagram mobilenet_v2_cifar --detail layers --to layers.svg
  $ cardinal diagram resnext50_32x4d --block layer1.0 --to block.svg
  $ cardinal diagram resnext_toy --layer layer1.0.conv2 --to layer.svg
  $ cardinal diagram conv --in 8 --out 16 --kernel 3 --groups 2 --to grouped.svg
  $ cardinal diagram conv --in 8 --out 16 --groups 2 --compare --to forms.svg
  $ cardinal diagram resnext_toy --json

--block draws a bottleneck in the three equal forms of the ResNeXt paper (arXiv:1611.05431, figure 3). Of convolutions with
more than 32 channels, channels are drawn in bundles, and of more than 8 groups the first three and the last. The pictures
have their own background, and colours for light and dark. --json prints what the picture shows.`;

interface DiagramFlags extends ConvolutionFlags {
  readonly layer?: string;
  readonly block?: string;
  readonly detail?: OutlineDetail;
  readonly separable?: boolean;
  readonly compare?: boolean;
  readonly to?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('diagram')
    .description('draw a model, a block or which channels of a convolution are connected, as an SVG file')
    .argument(
      '<model|conv>',
      "a model that `cardinal list` shows, or 'conv' for a convolution by its options",
    )
    .option('--to <file>', 'the SVG file to write');
  addOptions(command, [
    option(
      '--detail',
      'name',
      `of a model: ${OUTLINE_DETAILS.join(', ')} (blocks)`,
      choice('--detail', OUTLINE_DETAILS),
    ),
    option('--layer', 'name', 'of a model: draw this convolution, such as layer1.0.conv2', (text) => text),
    option('--block', 'name', 'of a model: draw this block, such as layer1.0', (text) => text),
    ...CONVOLUTION_OPTIONS.map((one) => ({ ...one, summary: `of conv: ${one.summary}` })),
  ])
    .option('--no-bias', 'of conv: without a bias for each output channel')
    .option('--separable', 'of conv: the depthwise convolution and the 1x1 one that stand in for it')
    .option('--compare', 'of a convolution: beside the standard and the depthwise separable form')
    .option('--json', 'print the facts of the picture as JSON; without --to nothing is written')
    .addHelpText('after', EXAMPLES)
    .action((subject: string, flags: DiagramFlags) => diagram(subject, flags));
}

/** A picture, and what it shows in words and numbers. */
interface Diagram {
  draw(): string | Promise<string>;
  readonly facts: object;
}

async function diagram(subject: string, flags: DiagramFlags): Promise<void> {
  const { to, json } = flags;
  if (subject !== 'conv') checkModelName(subject);
  if (to === undefined && json !== true)
    throw invalidArgument('--to', "a file to write, such as 'model.svg'", 'nothing');
  if (to !== undefined && !/\.svg$/i.test(to)) throw invalidArgument('--to', 'a file that ends in .svg', to);
  checkFlags(subject, flags);
  const model = subject === 'conv' ? undefined : await weightlessModel(subject);
  try {
    const { draw, facts } = model === undefined ? ofForms(formsFromFlags(flags)) : ofModel(model, flags);
    if (to !== undefined) await write(to, await draw());
    if (json === true) printJson({ ...(to !== undefined && { path: to }), ...facts });
    else print(`wrote ${to}`);
  } finally {
    model?.dispose();
  }
}

/** An option that would do nothing is a mistake. */
function checkFlags(subject: string, flags: DiagramFlags): void {
  const isConvolution = subject === 'conv';
  const wrong = isConvolution
    ? (['layer', 'block', 'detail'] as const)
    : (['in', 'out', 'kernel', 'groups', 'size', 'stride', 'separable'] as const);
  for (const name of wrong) {
    const whose = isConvolution ? 'a model' : "'conv'";
    if (flags[name] !== undefined)
      throw invalidArgument(`--${name}`, `no such option but for ${whose}`, flags[name]);
  }
  if (!isConvolution && !flags.bias)
    throw invalidArgument('--no-bias', "no such option but for 'conv'", true);
  const chosen = (['layer', 'block', 'detail'] as const).filter((name) => flags[name] !== undefined);
  if (chosen.length > 1) {
    throw invalidArgument(`--${chosen[1]}`, `it or --${chosen[0]}, not both`, flags[chosen[1]]);
  }
  if (flags.compare === true && !isConvolution && flags.layer === undefined) {
    throw invalidArgument('--compare', "'conv' or a --layer to compare", true);
  }
  if (flags.compare === true && flags.separable === true) {
    throw invalidArgument('--separable', 'it or --compare, which has the separable form too', true);
  }
}

function ofModel(model: LayersModel, { layer, block, detail, compare }: DiagramFlags): Diagram {
  if (layer !== undefined) {
    const form = readConvolution(model, layer);
    return ofForms(compare === true ? alternativeForms(formOptions(form)) : [form], {
      model: model.name,
      layer,
    });
  }
  if (block !== undefined) {
    const found = readResNeXtBlock(model, block);
    const { name, cardinality, projection } = found;
    const facts = {
      model: model.name,
      block: name,
      cardinality,
      hasProjection: projection !== undefined,
      forms: blockForms(found),
    };
    return { draw: () => resnextBlockDiagram(model, block), facts };
  }
  const outline = modelOutline(model, detail);
  return { draw: () => outlineDiagram(outline), facts: outline };
}

function ofForms(forms: readonly ConvolutionForm[], from: object = {}): Diagram {
  return { draw: () => connectivityDiagram(...forms), facts: { ...from, forms: forms.map(formArithmetic) } };
}

function formsFromFlags(flags: DiagramFlags): ConvolutionForm[] {
  const options = convolutionFromFlags(flags);
  if (flags.compare === true) return alternativeForms(options);
  return [flags.separable === true ? separableForm(options) : convolutionForm(options)];
}

async function write(path: string, svg: string): Promise<void> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) throw invalidArgument('--to', 'a file, not a folder', path);
  try {
    await writeWhole(path, svg);
  } catch (error) {
    throw new CardinalError(`${path} could not be written: ${(error as Error).message}`);
  }
}
