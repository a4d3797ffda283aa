import * as tf from '@tensorflow/tfjs';
import { createModel } from '../../models';
import { groupedConv2d } from '../../src';
import { type BlockForm, blockForms, readResNeXtBlock } from '../../src/diagrams/resnext-block';
import { resnextBlockDiagram } from '../../src/diagrams/resnext-block-diagram';
import { all, attribute, parseSvg, textFaults } from '../support/svg-picture';

beforeAll(async () => {
  tf.enableProdMode();
  await tf.setBackend('cpu');
});

/** A model without weights, for as long as it is looked at. */
function withModel<T>(name: Parameters<typeof createModel>[0], look: (model: tf.LayersModel) => T): T {
  const model = createModel(name, { initialise: false });
  try {
    return look(model);
  } finally {
    model.dispose();
  }
}

test('the block of the paper: 256 channels, 32 paths of 4', () => {
  const forms = withModel('resnext50_32x4d', (model) => blockForms(readResNeXtBlock(model, 'layer1.1')));
  const texts = ({ convolutions }: BlockForm) =>
    convolutions.map(({ inChannels, outChannels, kernelSize, groups, times }) =>
      [times, inChannels, kernelSize.join('x'), outChannels, groups].join(' '),
    );
  expect(forms.map((form) => [form.name, ...texts(form)])).toEqual([
    ['split', '32 256 1x1 4 1', '32 4 3x3 4 1', '32 4 1x1 256 1'],
    ['concat', '32 256 1x1 4 1', '32 4 3x3 4 1', '1 128 1x1 256 1'],
    ['grouped', '1 256 1x1 128 1', '1 128 3x3 128 32', '1 128 1x1 256 1'],
  ]);
  // Figure 3 of the paper: about 70 thousand parameters.
  expect(forms.map(({ weights }) => weights)).toEqual([70_144, 70_144, 70_144]);
});

test.each([
  ['resnext_toy', 'layer1.0', 8, false],
  ['resnext_toy', 'layer3.0', 8, true],
  ['resnet_toy', 'layer1.0', 1, false],
  ['seresnext50_32x4d', 'layer2.0', 32, true],
] as const)('%s %s: as many weights as its built convolutions', (name, block, cardinality, hasProjection) => {
  withModel(name, (model) => {
    const found = readResNeXtBlock(model, block);
    const kernels = [1, 2, 3].map((index) => model.getLayer(`${block}.conv${index}`).countParams());
    const total = kernels[0] + kernels[1] + kernels[2];
    expect(blockForms(found).map(({ weights }) => weights)).toEqual([total, total, total]);
    expect([found.cardinality, found.projection !== undefined]).toEqual([cardinality, hasProjection]);
  });
});

// The claim of the picture, computed: kernels of the grouped form, cut into those of the paths.
test('the three forms compute the same', async () => {
  const [channels, groups, width] = [6, 4, 8];
  const before = tf.memory().numTensors;
  const [split, concat, grouped] = tf.tidy(() => {
    const x = tf.randomNormal<tf.Rank.R4>([1, 5, 5, channels], 0, 1, 'float32', 1);
    const reduce = tf.randomNormal<tf.Rank.R4>([1, 1, channels, width], 0, 1, 'float32', 2);
    const filter = tf.randomNormal<tf.Rank.R4>([3, 3, width / groups, width], 0, 1, 'float32', 3);
    const expand = tf.randomNormal<tf.Rank.R4>([1, 1, width, channels], 0, 1, 'float32', 4);
    const conv = (y: tf.Tensor4D, kernel: tf.Tensor4D) => tf.relu(tf.conv2d(y, kernel, 1, 'same'));
    const filters = tf.split(filter, groups, 3) as tf.Tensor4D[];
    const inside = (tf.split(reduce, groups, 3) as tf.Tensor4D[]).map((kernel, g) =>
      conv(conv(x, kernel), filters[g]),
    );
    const ends = tf.split(expand, groups, 2) as tf.Tensor4D[];
    const whole = tf.relu(groupedConv2d(conv(x, reduce), filter, { groups, padding: 'same' }));
    return [
      tf.addN(inside.map((y, g) => tf.conv2d(y, ends[g], 1, 'same'))).dataSync(),
      tf.conv2d(tf.concat(inside, 3), expand, 1, 'same').dataSync(),
      tf.conv2d(whole, expand, 1, 'same').dataSync(),
    ];
  });
  expect(tf.memory().numTensors).toBe(before);
  for (const other of [concat, grouped]) {
    other.forEach((value, index) => expect(value).toBeCloseTo(split[index], 4));
  }
});

test('the picture has the paths of each form, and says how many there are', () => {
  const document = parseSvg(withModel('resnext_toy', (model) => resnextBlockDiagram(model, 'layer2.0')));
  const [split, concat, grouped] = all(document, 'g', 'panel');
  const boxes = (panel: typeof split) =>
    all(panel, 'g', 'convolution').map((box) =>
      [box.getAttribute('data-path'), box.textContent?.trim()].join(' '),
    );
  const paths = ['0', '1', '7'];
  expect(boxes(split)).toEqual([
    ...paths.flatMap((path) => [`${path} 64, 1x1, 8`, `${path} 8, 3x3, 8`, `${path} 8, 1x1, 128`]),
    ' 64, 1x1, 128',
  ]);
  expect(boxes(concat)).toEqual([
    ...paths.flatMap((path) => [`${path} 64, 1x1, 8`, `${path} 8, 3x3, 8`]),
    ' 64, 1x1, 128',
    ' 64, 1x1, 128',
  ]);
  expect(boxes(grouped)).toEqual([
    ' 64, 1x1, 64',
    ' 64, 3x3, 64, 8 groups',
    ' 64, 1x1, 128',
    ' 64, 1x1, 128',
  ]);
  const texts = all(document, 'text').map((text) => text.textContent);
  expect(texts.filter((text) => text === '8 paths')).toHaveLength(2);
  expect(texts.filter((text) => text === '16,896 weights')).toHaveLength(3);
  expect(texts.join(' ')).toContain('the 3x3 has stride 2');
  // One colour for each group below the grouped convolution.
  const strip = all(grouped, 'rect').filter((rect) => attribute(rect, 'height') === 2.5);
  expect(strip).toHaveLength(8);
});

test.each([
  ['resnext_toy', 'layer1.0'],
  ['resnet_toy', 'layer2.0'],
  ['resnext29_8x64d', 'layer3.1'],
  ['resnext50_32x4d', 'layer4.0'],
] as const)('no text of %s %s leaves its box or meets another', (name, block) => {
  expect(textFaults(parseSvg(withModel(name, (model) => resnextBlockDiagram(model, block))))).toEqual([]);
});

test('a block that is none is refused, with those that are', () => {
  withModel('resnext_toy', (model) => {
    expect(() => readResNeXtBlock(model, 'layer4.0')).toThrow(
      /^block: expected a residual block of resnext_toy with .*: of layer1\.0, layer2\.0, layer3\.0 \(did you mean 'layer\d\.0'\?\)\. Received: 'layer4\.0'\.$/,
    );
  });
  withModel('mobilenet_v2_cifar', (model) => {
    // An inverted residual is one of as many paths as it has channels inside.
    expect(readResNeXtBlock(model, 'features.3').cardinality).toBe(144);
  });
});
