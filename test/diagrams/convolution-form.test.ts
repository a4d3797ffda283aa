import * as tf from '@tensorflow/tfjs';
import { formArithmetic } from '../../src/diagrams/arithmetic';
import {
  alternativeForms,
  convolutionForm,
  formTitle,
  separableForm,
} from '../../src/diagrams/convolution-form';
import { readConvolution } from '../../src/diagrams/read-convolution';
import { depthwiseSeparableConv2D, groupedConv2D, inspectModel } from '../../src';
import { chain } from '../support/small-models';

beforeAll(async () => {
  tf.enableProdMode(); // no advice to take a faster backend
  await tf.setBackend('cpu');
});

const figures = ({ parameters, macs }: { parameters: number; macs: number }) => [parameters, macs];

test('the forms of 8 to 16 channels cost what the README says', () => {
  const channels = { inChannels: 8, outChannels: 16 };
  expect(figures(convolutionForm(channels))).toEqual([1168, 1_179_648]);
  expect(figures(convolutionForm({ ...channels, groups: 2 }))).toEqual([592, 589_824]);
  expect(figures(convolutionForm({ ...channels, groups: 8 }))).toEqual([160, 147_456]);
  expect(figures(separableForm(channels))).toEqual([224, 204_800]);
});

test('a form has a name by its groups', () => {
  const titles = alternativeForms({ inChannels: 8, outChannels: 8, groups: 4 }).map(formTitle);
  expect(titles).toEqual(['Standard', 'Grouped, 4 groups', 'Depthwise separable']);
  expect(alternativeForms({ inChannels: 8, outChannels: 8, groups: 8 }).map(({ kind }) => kind)).toEqual([
    'standard',
    'depthwise',
    'depthwise separable',
  ]);
  expect(alternativeForms({ inChannels: 8, outChannels: 8 })).toHaveLength(2);
});

test('what does not fit is refused by name', () => {
  expect(() => convolutionForm({ inChannels: 8, outChannels: 16, groups: 3 })).toThrow(
    'groups: expected a divisor of both the 8 input channels and the 16 filters (1, 2, 4, 8). Received: 3.',
  );
  expect(() => convolutionForm({ inChannels: 0, outChannels: 16 })).toThrow(
    'inChannels: expected a whole number',
  );
  expect(() => separableForm({ inChannels: 8, outChannels: 1.5 })).toThrow(
    'outChannels: expected a whole number',
  );
});

test('every calculation comes to its result, and steps to the whole', () => {
  const options = {
    inChannels: 24,
    outChannels: 36,
    groups: 6,
    size: [20, 31],
    strides: 2,
    kernelSize: [5, 3],
    bias: false,
  } as const;
  for (const form of alternativeForms(options)) {
    const { steps, parameters, macs } = formArithmetic(form);
    for (const { weights, macs: ofStep, biases, connections, ...step } of steps) {
      for (const { terms, result } of [weights, ofStep, connections]) {
        expect(terms.reduce((product, term) => product * term, 1)).toBe(result);
      }
      expect([biases, step.parameters]).toEqual([0, weights.result]);
    }
    expect(steps.reduce((sum, step) => sum + step.parameters, 0)).toBe(parameters);
    expect(steps.reduce((sum, step) => sum + step.macs.result, 0)).toBe(macs);
  }
  // 20x31 at stride 2 with padding 'same' is 10x16.
  expect(formArithmetic(convolutionForm(options)).steps[0].macs.terms).toEqual([10, 16, 5, 3, 4, 36]);
});

test('a saving is told against the convolution of one group', () => {
  const { share } = formArithmetic(convolutionForm({ inChannels: 8, outChannels: 16, groups: 2 }));
  expect(share).toEqual({ parameters: 592 / 1168, macs: 0.5 });
});

// Each is held to what the built layer has for weights, and to what inspectModel counts of it.
const LAYERS: Record<string, () => tf.layers.Layer> = {
  grouped: () =>
    groupedConv2D({ name: 'c', filters: 12, kernelSize: [3, 1], groups: 4, strides: 2, padding: 1 }),
  'dilated, without bias': () =>
    groupedConv2D({ name: 'c', filters: 4, kernelSize: 3, dilationRate: 2, padding: 'same', useBias: false }),
  'stock standard': () =>
    tf.layers.conv2d({ name: 'c', filters: 5, kernelSize: 2, padding: 'same', strides: [1, 2] }),
  'stock depthwise': () => tf.layers.depthwiseConv2d({ name: 'c', kernelSize: 3, depthMultiplier: 3 }),
  'stock separable': () =>
    tf.layers.separableConv2d({ name: 'c', filters: 6, kernelSize: 3, depthMultiplier: 2 }),
  'ours separable': () =>
    depthwiseSeparableConv2D({ name: 'c', filters: 6, kernelSize: 3, padding: 'same', strides: 2 }),
};

test.each(Object.entries(LAYERS))('a layer is read as it is built: %s', (_, layer) => {
  const model = chain(layer());
  const { params, macs } = inspectModel(model);
  expect(figures(readConvolution(model, 'c'))).toEqual([params.total, macs]);
  model.dispose();
});

test('an unknown layer is answered by the nearest convolution', () => {
  const model = chain(
    tf.layers.conv2d({ name: 'conv1', filters: 2, kernelSize: 1 }),
    tf.layers.reLU({ name: 'relu' }),
  );
  expect(() => readConvolution(model, 'conv2')).toThrow("conv1 (did you mean 'conv1'?). Received: 'conv2'.");
  expect(() => readConvolution(model, 'relu')).toThrow('layer: expected a convolution of');
  model.dispose();
});
