import * as tf from '@tensorflow/tfjs';
import type { Command } from 'commander';
import { useBackend } from '../../../src/backends/use-backend-node';
import { type FormArithmetic, type StepArithmetic, formArithmetic } from '../../../src/diagrams/arithmetic';
import { type ConvolutionForm, alternativeForms } from '../../../src/diagrams/convolution-form';
import { unknownChoice } from '../../../src/errors';
import { type ConvSpec, filterShape, inputShape } from '../../../src/ops/conv-spec';
import { explain } from '../../../src/ops/grouped-conv2d';
import { CONVOLUTION_OPTIONS, type ConvolutionFlags, convolutionFromFlags } from '../convolution-options';
import { colors, print, printJson } from '../output';
import { grouped, plainTable } from '../plain-table';
import { BACKEND_OPTION, addOptions, doesNotApply, type TrainFlags } from '../train-options';
import '../../../src/backends/register-kernels';

const EXAMPLES = `
Examples:
  $ cardinal explain conv --in 8 --out 16 --kernel 3 --groups 2
  $ cardinal explain conv --in 64 --out 64 --groups 64 --no-bias --size 56
  $ cardinal explain conv --in 128 --out 128 --groups 32 --strategy
  $ cardinal explain conv --in 8 --out 16 --groups 2 --json

The dense form has one group. The depthwise separable one filters each channel alone and mixes them by a 1x1 convolution.
MACs are multiply-accumulates for one image with padding 'same'; a bias counts none.`;

interface ExplainFlags extends ConvolutionFlags, Pick<TrainFlags, 'backend' | 'json'> {
  readonly strategy?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('explain')
    .description('write out the parameters and MACs of a convolution, beside those of its alternatives')
    .argument('<conv>', "what to explain: 'conv'");
  addOptions(command, CONVOLUTION_OPTIONS)
    .option('--no-bias', 'without a bias for each output channel')
    .option('--strategy', 'also say how it is computed here, and why so');
  addOptions(command, [BACKEND_OPTION])
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action((what: string, flags: ExplainFlags) => explainConvolution(what, flags));
}

async function explainConvolution(what: string, flags: ExplainFlags): Promise<void> {
  if (what !== 'conv') throw unknownChoice('what to explain', what, ['conv']);
  const options = convolutionFromFlags(flags);
  if (flags.backend !== undefined && flags.strategy !== true) {
    throw doesNotApply('--backend', 'only --strategy asks a backend', flags.backend);
  }
  const forms = alternativeForms(options);
  const asked = options.groups === undefined || options.groups === 1 ? forms[0] : forms[1];
  const strategy = flags.strategy === true ? await strategyOf(asked, flags.backend) : undefined;
  const explained = forms.map(formArithmetic);
  if (flags.json === true) printJson({ ...options, forms: explained, ...strategy });
  else print(asText(forms[0].steps[0].spec, explained, strategy));
}

interface Strategy {
  readonly backend: string;
  readonly strategy: ReturnType<typeof explain>;
}

async function strategyOf(
  { steps: [{ spec }] }: ConvolutionForm,
  backend: TrainFlags['backend'],
): Promise<Strategy> {
  // What is said on stderr of a backend that is missing belongs to work that is done, not told.
  tf.enableProdMode();
  await useBackend(backend);
  const { top, bottom, left, right } = spec.padding;
  return {
    backend: tf.getBackend(),
    strategy: explain({
      inputShape: inputShape(spec),
      filterShape: filterShape(spec),
      groups: spec.groups,
      strides: spec.strides,
      padding: [[top, bottom], [left, right]], // prettier-ignore
    }),
  };
}

function asText(spec: ConvSpec, forms: readonly FormArithmetic[], strategy: Strategy | undefined): string {
  const stride = spec.strides[0] === 1 ? '' : `, stride ${spec.strides[0]}`;
  return [
    `${spec.filterHeight}x${spec.filterWidth} convolution of ${spec.inChannels} to ${spec.outChannels} channels` +
      ` on ${spec.inHeight}x${spec.inWidth}${stride}`,
    ...calculations(forms),
    '',
    summary(forms),
    ...(strategy === undefined ? [] : ['', ...strategyLines(strategy)]),
  ].join('\n');
}

/** Every form's title, sentences and calculations, with the figures of all of them one below the other. */
function calculations(forms: readonly FormArithmetic[]): string[] {
  const rows = forms.map(formRows);
  const table = plainTable(['', '', ''], [2]);
  table.push(...rows.flat());
  // The head of the table is empty, and so is its line.
  const lines = table.toString().split('\n').slice(1);
  return forms.flatMap(({ title, steps }, index) => {
    const own = lines.splice(0, rows[index].length);
    return ['', colors.bold(title), ...steps.map(stepSentence), ...own];
  });
}

function formRows({ steps, parameters, macs }: FormArithmetic): string[][] {
  if (steps.length === 1) return stepRows(steps[0], '');
  const sum = (numbers: readonly number[]) => `= ${numbers.map(grouped).join(' + ')}`;
  return [
    ...stepRows(steps[0], 'depthwise '),
    ...stepRows(steps[1], 'pointwise '),
    ['  parameters', sum(steps.map((step) => step.parameters)), grouped(parameters)],
    ['  MACs', sum(steps.map((step) => step.macs.result)), grouped(macs)],
  ];
}

function stepSentence({ kernelSize, inChannels, outChannels, groups }: StepArithmetic): string {
  const kernel = kernelSize.join('x');
  if (groups === 1) return `  ${kernel}: each of the ${outChannels} outputs reads all ${inChannels} inputs`;
  const [inputs, outputs] = [inChannels / groups, outChannels / groups];
  return `  ${kernel}: each of the ${groups} groups makes ${outputs} of the ${outChannels} outputs from ${inputs} of the ${inChannels} inputs`;
}

function stepRows(
  { weights, biases, parameters, macs, outHeight, outWidth }: StepArithmetic,
  which: string,
): string[][] {
  const product = (numbers: readonly number[]) => `= ${numbers.map(grouped).join(' · ')}`;
  return [
    [`  ${which}weights`, product(weights.terms), grouped(weights.result)],
    ...(biases === 0 ? [] : [[`  ${which}biases`, `= ${grouped(biases)}`, grouped(biases)]]),
    [
      `  ${which}parameters`,
      `= ${grouped(weights.result)}${biases === 0 ? '' : ` + ${grouped(biases)}`}`,
      grouped(parameters),
    ],
    [`  ${which}MACs at ${outHeight}x${outWidth} outputs`, product(macs.terms), grouped(macs.result)],
  ];
}

function summary(forms: readonly FormArithmetic[]): string {
  const table = plainTable(['form', 'parameters', 'saved', 'MACs', 'saved'], [1, 2, 3, 4]);
  for (const { title, kind, parameters, macs, share } of forms) {
    const saved = (left: number) => (kind === 'standard' ? '' : `${Math.round(100 * (1 - left))} %`);
    table.push([title, grouped(parameters), saved(share.parameters), grouped(macs), saved(share.macs)]);
  }
  return table.toString();
}

function strategyLines({ backend, strategy }: Strategy): string[] {
  return [
    colors.bold(`How it is computed on ${backend}`),
    ...Object.entries(strategy).map(
      ([pass, { strategy: name, because }]) => `  ${pass}: ${name}, as ${because}`,
    ),
  ];
}
