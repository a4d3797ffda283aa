import * as tf from '@tensorflow/tfjs';
import { type ModelName, createModel, freeze } from '../../models';
import { modelDiagram } from '../../src/diagrams/model-diagram';
import { modelOutline } from '../../src/diagrams/model-outline';
import { OUTLINE_DETAILS, type OutlineDetail } from '../../src/diagrams/outline';
import { type Box, all, attribute, parseSvg, textFaults } from '../support/svg-picture';
import { apply, branches } from '../support/small-models';

beforeAll(async () => {
  tf.enableProdMode();
  await tf.setBackend('cpu');
});

async function pictureOf(name: ModelName, detail?: OutlineDetail) {
  const model = createModel(name, { initialise: false });
  try {
    const svg = await modelDiagram(model, detail);
    return { svg, document: parseSvg(svg), outline: modelOutline(model, detail) };
  } finally {
    model.dispose();
  }
}

test.each(OUTLINE_DETAILS)(
  'of detail %s: a box for each node, an arrow from box to box for each edge',
  async (detail) => {
    const { document, outline } = await pictureOf('resnext_toy', detail);
    const boxes = new Map<string, Box>();
    for (const group of all(document, 'g').filter((one) => one.hasAttribute('data-node'))) {
      const [rect] = all(group, 'rect');
      const [left, top] = [attribute(rect, 'x'), attribute(rect, 'y')];
      const box = {
        left,
        top,
        right: left + attribute(rect, 'width'),
        bottom: top + attribute(rect, 'height'),
      };
      boxes.set(group.getAttribute('data-node') as string, box);
    }
    expect([...boxes.keys()]).toEqual(outline.nodes.map(({ id }) => id));

    const near = (box: Box, [x, y]: number[]) =>
      x >= box.left - 2 && x <= box.right + 2 && y >= box.top - 2 && y <= box.bottom + 2;
    const arrows = all(document, 'g').filter((one) => one.hasAttribute('data-from'));
    expect(arrows).toHaveLength(outline.edges.length);
    outline.edges.forEach(({ from, to, isShortcut }, index) => {
      expect(arrows[index].getAttribute('class')).toBe(isShortcut ? 'shortcut' : 'through');
      const [line, head] = all(arrows[index], 'path').map((path) =>
        ((path.getAttribute('d') as string).match(/-?[\d.]+/g) as string[]).map(Number),
      );
      expect(near(boxes.get(from) as Box, line.slice(0, 2))).toBe(true);
      expect(near(boxes.get(to) as Box, head.slice(0, 2))).toBe(true);
    });
  },
);

test('stages are bands one below the other, with shape, parameters and multiply-accumulates', async () => {
  const { document, outline } = await pictureOf('resnext_toy');
  const bands = all(document, 'g', 'stage');
  const texts = bands.map((band) => all(band, 'text').map((text) => text.textContent));
  expect(texts.map(([name]) => name)).toEqual(['stem', 'layer1', 'layer2', 'layer3', 'head']);
  // 3 norms of the branch and that of the shortcut have 2 statistics a channel: 768 in all.
  const parameters = '26,624 parameters (25,856 trainable)';
  expect(texts[2]).toEqual(['layer2', '8x8x128 out', parameters, '2,392,064 MACs', 'layer2.0']);
  expect(texts[4]).toContain('2,570 parameters');
  expect(outline.stages[2]).toMatchObject({ params: { trainable: 25_856 }, macs: 2_392_064 });
  const ends = bands.map((band) => {
    const [rect] = all(band, 'rect');
    return [attribute(rect, 'y'), attribute(rect, 'y') + attribute(rect, 'height')];
  });
  ends.slice(1).forEach(([top], index) => expect(top).toBeGreaterThan(ends[index][1]));
});

test('a frozen stage has its parameters still, and none to train', async () => {
  const model = createModel('resnext_toy', { initialise: false });
  freeze(model, 'layer2');
  const picture = await modelDiagram(model);
  expect(picture).toContain('>26,624 parameters (0 trainable)<');
  expect(picture).toContain('>103,424 parameters (101,888 trainable)<');
  expect(picture).toContain('>2,570 parameters<');
  model.dispose();
});

const PICTURES: [ModelName, OutlineDetail][] = [
  ['resnext_toy', 'layers'],
  ['resnext50_32x4d', 'blocks'],
  ['shufflenet_v2_x0_5', 'blocks'],
  ['squeezenet1_1', 'blocks'],
  ['mobilenet_v3_small_cifar', 'blocks'],
  ['efficientnet_b0_cifar', 'stages'],
  ['densenet121', 'blocks'],
];

test.each(PICTURES)('no text of %s leaves its box or meets another (%s)', async (name, detail) => {
  const { document } = await pictureOf(name, detail);
  expect(textFaults(document)).toEqual([]);
});

test('towers beside each other become stages one below the other', async () => {
  const { layers } = tf;
  const conv = (name: string) => layers.conv2d({ name, filters: 4, kernelSize: 1 });
  const model = branches((x) => {
    const left = apply(conv('left1.1.conv'), apply(conv('left1.0.conv'), x));
    const right = apply(conv('right1.1.conv'), apply(conv('right1.0.conv'), x));
    return apply(layers.concatenate({ name: 'join' }), left, right);
  });
  const document = parseSvg(await modelDiagram(model));
  model.dispose();
  expect(textFaults(document)).toEqual([]);
  const ends = all(document, 'g', 'stage').map((band) => {
    const [rect] = all(band, 'rect');
    return [attribute(rect, 'y'), attribute(rect, 'y') + attribute(rect, 'height')];
  });
  expect(ends).toHaveLength(3);
  ends.slice(1).forEach(([top], index) => expect(top).toBeGreaterThan(ends[index][1]));
});

test('the picture is the same each time, whatever the names, and makes no tensor', async () => {
  const model = tf.sequential({ name: 'a<b>&"c', layers: [tf.layers.reLU({ inputShape: [4, 4, 2] })] });
  const before = tf.memory().numTensors;
  const svg = await modelDiagram(model, 'layers');
  expect(tf.memory().numTensors).toBe(before);
  expect(all(parseSvg(svg), 'text').map((text) => text.textContent)).toContain('a<b>&"c');
  expect(await modelDiagram(model, 'layers')).toBe(svg);
  model.dispose();
});
