import * as tf from '@tensorflow/tfjs';
import { type Bundle, connectivityOf } from '../../src/diagrams/connectivity';
import { connectivityDiagram } from '../../src/diagrams/connectivity-diagram';
import {
  type ConvolutionForm,
  alternativeForms,
  convolutionForm,
  separableForm,
} from '../../src/diagrams/convolution-form';
import { groupClass } from '../../src/diagrams/theme';
import { depthwiseSeparableConv2D, groupedConv2D, inspectModel } from '../../src';
import { all, attribute, classes, parseSvg, textFaults } from '../support/svg-picture';

beforeAll(async () => {
  tf.enableProdMode(); // no advice to take a faster backend
  await tf.setBackend('cpu');
});

/** Which channels are connected, by plain loops over groups. */
function pairsOf(inChannels: number, outChannels: number, groups: number): Set<string> {
  const pairs = new Set<string>();
  for (let group = 0; group < groups; group++) {
    for (let i = 0; i < inChannels / groups; i++) {
      for (let o = 0; o < outChannels / groups; o++) {
        pairs.add(`${(group * inChannels) / groups + i}-${(group * outChannels) / groups + o}`);
      }
    }
  }
  return pairs;
}

function divisorsOf(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1).filter((divisor) => count % divisor === 0);
}

/** Lines of a step as pairs of channels, by where they end and which nodes are there. */
function drawnPairs(svg: string, step: number): { pairs: string[]; groupsOf: Map<string, string> } {
  const document = parseSvg(svg);
  const nodes = new Map<string, string>();
  for (const node of all(document, 'circle', 'channel')) {
    const place = `${attribute(node, 'data-column')} ${node.getAttribute('cx')} ${node.getAttribute('cy')}`;
    nodes.set(place, node.getAttribute('data-channel') as string);
  }
  const pairs: string[] = [];
  const groupsOf = new Map<string, string>();
  for (const path of all(document, 'path', 'connections')) {
    if (attribute(path, 'data-step') !== step) continue;
    for (const [, x1, y1, x2, y2] of (path.getAttribute('d') as string).matchAll(
      /M(\S+) (\S+)L(\S+) ([^M]+)/g,
    )) {
      const pair = `${nodes.get(`${step} ${x1} ${y1}`)}-${nodes.get(`${step + 1} ${x2} ${y2}`)}`;
      pairs.push(pair);
      groupsOf.set(pair, classes(path).find((name) => /^line|^plain/.test(name)) as string);
    }
  }
  return { pairs, groupsOf };
}

const SMALL = [[8, 8], [8, 16], [16, 8], [16, 16], [32, 32], [12, 30]] as const; // prettier-ignore

test.each(SMALL)(
  '%i to %i channels: a line for each connection, in the colour of its group',
  (inChannels, outChannels) => {
    for (const groups of divisorsOf(inChannels).filter((count) => outChannels % count === 0)) {
      const { pairs, groupsOf } = drawnPairs(
        connectivityDiagram(convolutionForm({ inChannels, outChannels, groups })),
        0,
      );
      expect(pairs).toHaveLength((inChannels * outChannels) / groups);
      expect(new Set(pairs)).toEqual(pairsOf(inChannels, outChannels, groups));
      for (const [pair, color] of groupsOf) {
        const group = Math.floor(Number(pair.split('-')[0]) / (inChannels / groups));
        expect(color).toBe(groupClass('line', group));
      }
    }
  },
);

test('a separable one has a line a channel, then all to all in no colour of a group', () => {
  const svg = connectivityDiagram(separableForm({ inChannels: 8, outChannels: 16 }));
  expect(new Set(drawnPairs(svg, 0).pairs)).toEqual(pairsOf(8, 8, 8));
  const mixed = drawnPairs(svg, 1);
  expect(new Set(mixed.pairs)).toEqual(pairsOf(8, 16, 1));
  expect(new Set(mixed.groupsOf.values())).toEqual(new Set(['plain']));
});

const LARGE = [[64, 64], [64, 128], [128, 128], [512, 512], [512, 8], [33, 33], [1024, 2048]] as const; // prettier-ignore

test.each(LARGE)(
  '%i to %i channels are condensed, and nothing is drawn that is not so',
  (inChannels, outChannels) => {
    for (const groups of divisorsOf(inChannels).filter((count) => outChannels % count === 0)) {
      const { lanes, links } = connectivityOf(convolutionForm({ inChannels, outChannels, groups }));
      const channelsOf = ({ first, last }: Bundle) =>
        Array.from({ length: last - first + 1 }, (_, i) => first + i);
      // What is drawn: every pair of the linked bundles is a connection.
      let drawn = 0;
      for (const { group, from, to } of links) {
        const ends = [from.first, from.last, to.first, to.last];
        const sizes = [inChannels, inChannels, outChannels, outChannels].map((count) => count / groups);
        expect(ends.map((channel, index) => Math.floor(channel / sizes[index]))).toEqual([
          group,
          group,
          group,
          group,
        ]);
        drawn += channelsOf(from).length * channelsOf(to).length;
      }
      // What is left out: whole groups, and as many as are said to be.
      const hidden = lanes.filter(({ isHidden }) => isHidden).flatMap((lane) => channelsOf(lane.groups));
      const shown = lanes.filter(({ isHidden }) => !isHidden).flatMap((lane) => channelsOf(lane.groups));
      expect([...hidden, ...shown].sort((a, b) => a - b)).toEqual(
        Array.from({ length: groups }, (_, g) => g),
      );
      expect(drawn + (hidden.length * inChannels * outChannels) / groups ** 2).toBe(
        (inChannels * outChannels) / groups,
      );
      // And it can be drawn.
      expect(lanes.flatMap(({ marks }) => marks[0]).length).toBeLessThanOrEqual(32);
    }
  },
);

test('a condensed separable one mixes all channels of the middle into all of the last', () => {
  const { links, lanes } = connectivityOf(separableForm({ inChannels: 512, outChannels: 64 }));
  expect(links.filter(({ step }) => step === 1)).toEqual([
    { step: 1, group: 0, from: { first: 0, last: 511 }, to: { first: 0, last: 63 } },
  ]);
  expect(lanes.filter(({ isHidden }) => isHidden)).toMatchObject([{ groups: { first: 3, last: 510 } }]);
  const [band] = all(
    parseSvg(connectivityDiagram(separableForm({ inChannels: 512, outChannels: 64 }))),
    'g',
    'band',
  );
  expect(band.textContent).toContain('32,768 connections');
});

test.each([8, 16, 64, 128, 512])('no text of %i channels leaves its box or meets another', (channels) => {
  const pictures = divisorsOf(channels).flatMap((groups) => [
    connectivityDiagram(convolutionForm({ inChannels: channels, outChannels: channels, groups })),
    connectivityDiagram(
      ...alternativeForms({ inChannels: channels, outChannels: 2 * channels, groups, strides: 2, size: 224 }),
    ),
  ]);
  for (const svg of pictures) expect(textFaults(parseSvg(svg))).toEqual([]);
});

test('the caption says what inspectModel counts of a built layer', () => {
  const captionOf = (form: ConvolutionForm) =>
    all(parseSvg(connectivityDiagram(form)), 'text').map((text) => text.textContent ?? '');
  const size = { inputShape: [14, 14, 64] };
  const built: [tf.layers.Layer, ConvolutionForm][] = [
    [
      groupedConv2D({ filters: 96, kernelSize: 5, groups: 16, padding: 'same', strides: 2, ...size }),
      convolutionForm({ inChannels: 64, outChannels: 96, kernelSize: 5, groups: 16, strides: 2, size: 14 }),
    ],
    [
      depthwiseSeparableConv2D({ filters: 96, padding: 'same', useBias: false, ...size }),
      separableForm({ inChannels: 64, outChannels: 96, size: 14, bias: false }),
    ],
  ];
  for (const [layer, form] of built) {
    const model = tf.sequential({ layers: [layer] });
    const { params, macs } = inspectModel(model);
    model.dispose();
    const texts = captionOf(form);
    const commas = (count: number) => count.toLocaleString('en-US');
    expect(texts.some((text) => text.startsWith(`${commas(params.total)} parameters (`))).toBe(true);
    expect(texts.some((text) => text.startsWith(`${commas(macs)} MACs at 14x14`))).toBe(true);
  }
});

test('a picture tells a screen reader what it shows, and is the same each time', () => {
  const draw = () => connectivityDiagram(convolutionForm({ inChannels: 8, outChannels: 16, groups: 2 }));
  const document = parseSvg(draw());
  const [title, description] = ['title', 'desc'].map((name) => all(document, name)[0].textContent);
  expect(title).toBe('Grouped, 2 groups');
  expect(description).toBe(
    'Grouped, 2 groups: 3x3, 8 to 16 channels in 2 groups, 64 connections; 592 parameters (51 %), 589,824 MACs at 32x32 (50 %).',
  );
  expect(draw()).toBe(draw());
});

test('no tensor is made', () => {
  const before = tf.memory().numTensors;
  connectivityDiagram(...alternativeForms({ inChannels: 64, outChannels: 64, groups: 4 }));
  expect(tf.memory().numTensors).toBe(before);
});
