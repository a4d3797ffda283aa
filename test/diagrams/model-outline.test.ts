import * as tf from '@tensorflow/tfjs';
import { type ModelName, createModel, featureInfo } from '../../models';
import { inspectModel } from '../../src';
import { placesByName, spanName } from '../../src/diagrams/module-names';
import { modelOutline } from '../../src/diagrams/model-outline';
import { OUTLINE_DETAILS, type ModelOutline } from '../../src/diagrams/outline';
import { partOrder } from '../../src/diagrams/part-order';
import { apply, branches, chain } from '../support/small-models';

const { layers } = tf;

tf.enableProdMode(); // no advice to take a faster backend, for the models that are made outside the tests too
beforeAll(() => tf.setBackend('cpu'));

function outlineOf(name: ModelName, detail?: Parameters<typeof modelOutline>[1]): ModelOutline {
  const model = createModel(name, { initialise: false });
  try {
    return modelOutline(model, detail);
  } finally {
    model.dispose();
  }
}

const repeatsOf = ({ blocks }: ModelOutline, block: string | undefined) =>
  blocks.find(({ name }) => name === block)?.repeats ?? 1;

// One of each way in which families name their modules.
const FAMILIES: ModelName[] = [
  'resnext_toy', 'mobilenet_toy', 'mobilenet_v2_cifar', 'efficientnet_b0_cifar', 'regnet_y_400mf_cifar', 'shufflenet_v2_x0_5',
  'squeezenet1_1', 'mnasnet0_5', 'densenet121',
]; // prettier-ignore

describe.each(FAMILIES)('%s', (name) => {
  const model = createModel(name, { initialise: false });
  const features = featureInfo(model);
  const outlines = OUTLINE_DETAILS.map((detail) => modelOutline(model, detail));
  const { params, macs } = inspectModel(model);
  const names = model.layers.map((layer) => layer.name);
  model.dispose();

  test('stages, and nodes with their repeats, come to what inspectModel counts', () => {
    for (const outline of outlines) {
      const sum = (of: (part: { params: { total: number }; macs: number }) => number) => [
        outline.stages.reduce((all, stage) => all + of(stage), 0),
        outline.nodes.reduce((all, node) => all + of(node) * repeatsOf(outline, node.block), 0),
      ];
      expect(sum((part) => part.params.total)).toEqual([params.total, params.total]);
      expect(sum((part) => part.macs)).toEqual([macs, macs]);
      expect([outline.params, outline.macs]).toEqual([params, macs]);
    }
  });

  test('every layer is in one node, or in a block that another stands for', () => {
    for (const outline of outlines) {
      const drawn = outline.nodes.flatMap((node) => node.layers);
      expect(new Set(drawn).size).toBe(drawn.length);
      const all = outline.nodes.reduce(
        (sum, node) => sum + node.layers.length * repeatsOf(outline, node.block),
        0,
      );
      expect(all).toBe(names.length);
    }
  });

  test('nodes come after those that they read, and all but the input read one', () => {
    for (const { nodes, edges } of outlines) {
      const order = new Map(nodes.map(({ id }, index) => [id, index]));
      for (const { from, to } of edges) expect(order.get(from)).toBeLessThan(order.get(to) as number);
      const read = new Set(edges.map(({ to }) => to));
      expect(nodes.filter(({ id }) => !read.has(id)).map(({ kind }) => kind)).toEqual(['input']);
    }
  });

  test('what the family marks as a feature is the output of a stage', () => {
    const [stages] = outlines;
    const shapes = stages.stages.map(({ outputShape }) => (outputShape as number[]).at(-1));
    for (const { channels } of features) expect(shapes).toContain(channels);
  });
});

test('resnext50_32x4d: stages of blocks, of which those that repeat are there once', () => {
  const outline = outlineOf('resnext50_32x4d');
  expect(outline.stages.map(({ name }) => name)).toEqual([
    'stem',
    'layer1',
    'layer2',
    'layer3',
    'layer4',
    'head',
  ]);
  expect(outline.blocks.map(({ name, last, repeats }) => [name, last, repeats])).toEqual([
    ['layer1.0', 'layer1.0', 1],
    ['layer1.1', 'layer1.2', 2],
    ['layer2.0', 'layer2.0', 1],
    ['layer2.1', 'layer2.3', 3],
    ['layer3.0', 'layer3.0', 1],
    ['layer3.1', 'layer3.5', 5],
    ['layer4.0', 'layer4.0', 1],
    ['layer4.1', 'layer4.2', 2],
  ]);
  const branch = outline.nodes.find(({ layers: [first] }) => first === 'layer3.1.conv1');
  expect(branch?.operations).toEqual([
    '1x1 conv 1024 → 512',
    '3x3 conv 512 → 512, 32 groups',
    '1x1 conv 512 → 1024',
  ]);
  const shortcuts = outline.edges.filter(({ isShortcut }) => isShortcut);
  // The identity of each folded block; a block with a projection has two ways to its sum that go past nothing.
  expect(shortcuts).toHaveLength(4);
  for (const { to } of shortcuts) {
    expect(outline.nodes.find(({ id }) => id === to)).toMatchObject({
      kind: 'join',
      operations: ['add, ReLU'],
    });
  }
});

test('details: stages say how many of what, layers name every one', () => {
  const stages = outlineOf('resnext_toy', 'stages');
  expect(stages.nodes.map(({ operations }) => operations.join(', '))).toEqual([
    'image', '1 convolution', '3 convolutions, 1 add', '4 convolutions, 1 add', '4 convolutions, 1 add', '1 pooling, 1 linear layer',
  ]); // prettier-ignore
  expect(stages.edges.map(({ isShortcut }) => isShortcut)).toEqual([false, false, false, false, false]);
  const all = outlineOf('resnext_toy', 'layers');
  expect(all.nodes).toHaveLength(40);
  expect(all.edges.filter(({ isShortcut }) => isShortcut)).toHaveLength(1);
  expect(() => outlineOf('resnext_toy', 'layer' as 'layers')).toThrow("did you mean 'layers'?");
});

test('blocks that another reads, or of another activation, are not taken for one', () => {
  const block = (x: tf.SymbolicTensor, name: string, activation: 'relu' | 'tanh' = 'relu') => {
    const y = apply(layers.conv2d({ name: `${name}.conv`, filters: 8, kernelSize: 1 }), x);
    return apply(
      layers.add({ name: `${name}.add` }),
      apply(layers.activation({ name: `${name}.act.0`, activation }), y),
      x,
    );
  };
  const inRow = branches((x) => block(block(block(x, 's1.0'), 's1.1'), 's1.2', 'tanh'));
  const readTwice = branches((x) => {
    const first = block(x, 's1.0');
    return apply(layers.add({ name: 'end' }), block(block(first, 's1.1'), 's1.2'), first);
  });
  const folded = (model: tf.LayersModel) => {
    const { blocks } = modelOutline(model);
    model.dispose();
    return blocks.map(({ name, repeats }) => `${name} ${repeats}`);
  };
  expect(folded(inRow)).toEqual(['s1.0 2', 's1.2 1']);
  expect(folded(readTwice)).toEqual(['s1.0 1', 's1.1 2']);
});

describe('models of other people', () => {
  test('without modules in their names have a stage for each size', () => {
    const conv = (strides: number) => layers.conv2d({ filters: 4, kernelSize: 3, strides, padding: 'same' });
    const model = chain(conv(1), conv(2), conv(1), layers.flatten(), layers.dense({ units: 3 }));
    expect(modelOutline(model).stages.map(({ name }) => name)).toEqual(['7x9', '4x5', 'head']);
    model.dispose();
  });

  test('whose names tell no order are one stage', () => {
    // a.0 reads b.0, which reads a.1: neither module comes before the other.
    const conv = (name: string) => layers.conv2d({ name, filters: 8, kernelSize: 1 });
    const model = branches((x) =>
      apply(conv('a1.2.x.c'), apply(conv('b1.0.x.c'), apply(conv('a1.1.x.c'), x))),
    );
    const { stages, blocks, nodes } = modelOutline(model);
    expect([stages.map(({ name }) => name), blocks]).toEqual([['layers'], []]);
    expect(nodes).toHaveLength(2);
    model.dispose();
  });

  test('a layer that is applied twice has its weights once; a nested model is one layer', () => {
    const shared = layers.conv2d({ name: 'shared', filters: 8, kernelSize: 1 });
    const inner = chain(layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same' }));
    const model = branches((x) =>
      apply(shared, apply(inner as unknown as tf.layers.Layer, apply(shared, x))),
    );
    const { params, macs } = inspectModel(model);
    const { nodes } = modelOutline(model, 'layers');
    expect(nodes.map((node) => [node.layers[0] === 'shared', node.params.total])).toEqual([
      [false, 0],
      [true, 72],
      [false, 584],
      [true, 0],
    ]);
    expect(nodes.reduce((sum, node) => sum + node.params.total, 0)).toBe(params.total);
    expect(nodes.reduce((sum, node) => sum + node.macs, 0)).toBe(macs);
    model.dispose();
  });
});

describe('module names', () => {
  const places = (...names: string[]) =>
    placesByName(
      names.map((name) => ({
        name,
        size: name.includes('16') ? '16x16' : '8x8',
        isJoin: name.endsWith('add'),
      })),
    );

  test('numbered modules of a stage are its blocks', () => {
    expect(places('conv1', 'bn1', 'layer1.0.conv1', 'layer1.0.add', 'layer1.1.conv1', 'fc')).toEqual([
      { stage: 'stem' },
      { stage: 'stem' },
      { stage: 'layer1', block: 'layer1.0' },
      { stage: 'layer1', block: 'layer1.0' },
      { stage: 'layer1', block: 'layer1.1' },
      { stage: 'head' },
    ]);
  });

  test('modules that are blocks are a stage while the size stays; a module between them is its own', () => {
    expect(
      places(
        'features.1.conv16',
        'features.1.add',
        'features.2.conv',
        'features.2.add',
        'features.4',
        'features.5.a',
        'features.5.add',
      ),
    ).toEqual([
      { stage: 'features.1 to 2', block: 'features.1' },
      { stage: 'features.1 to 2', block: 'features.1' },
      { stage: 'features.1 to 2', block: 'features.2' },
      { stage: 'features.1 to 2', block: 'features.2' },
      { stage: 'features.4' },
      { stage: 'features.5', block: 'features.5' },
      { stage: 'features.5', block: 'features.5' },
    ]);
  });

  test('spans leave out what both have in common', () => {
    expect(spanName('a.b.1', 'a.b.3')).toBe('a.b.1 to 3');
    expect(spanName('block1-0', 'block1-2')).toBe('block1-0 to block1-2');
    expect(spanName('conv1', 'conv1')).toBe('conv1');
  });
});

test('parts are put in the order in which they read each other, if there is one', () => {
  expect(partOrder(['c', 'b', 'a'], [['a', 'b'], ['b', 'c'], ['a', 'a']])).toEqual(['a', 'b', 'c']); // prettier-ignore
  expect(partOrder(['a', 'b'], [['a', 'b'], ['b', 'a']])).toBeUndefined(); // prettier-ignore
  expect(partOrder(['b', 'a'], [])).toEqual(['b', 'a']);
});
