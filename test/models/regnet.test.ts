import { regnetStages } from '../../models/blocks/regnet-stages';
import { regnet } from '../../models/regnet';
import { useBackend } from '../../src/backends/use-backend-node';
import reference from '../fixtures/zoo-reference.json';
import { TESTED_BACKENDS } from '../support/backends';
import { dropPathRates, expectedFigures, features, figures, modules, withModel } from './family-figures';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

// Depths, widths and group width of each stage, read off torchvision's built modules. timm has 384, 128 and 768 where these
// are 400, 144 and 784.
const STAGES = {
  regnet_x_400mf: [[1, 2, 7, 12], [32, 64, 160, 400], 16],
  regnet_x_800mf: [[1, 3, 7, 5], [64, 128, 288, 672], 16],
  regnet_x_1_6gf: [[2, 4, 10, 2], [72, 168, 408, 912], 24],
  regnet_x_3_2gf: [[2, 6, 15, 2], [96, 192, 432, 1008], 48],
  regnet_y_400mf: [[1, 3, 6, 6], [48, 104, 208, 440], 8],
  regnet_y_800mf: [[1, 3, 8, 2], [64, 144, 320, 784], 16],
  regnet_y_1_6gf: [[2, 6, 17, 2], [48, 120, 336, 888], 24],
  regnet_y_3_2gf: [[2, 5, 13, 1], [72, 216, 576, 1512], 24],
} as const;
const names = Object.keys(STAGES) as (keyof typeof STAGES)[];

test.each(names)('%s has the counts of torchvision', (name) => {
  expect(figures(regnet, name)).toEqual(expectedFigures(reference.models[name]));
});

// Counted in PyTorch from torchvision's network with its stem at stride 1, for 10 classes; the toy from its parameters.
test.each([
  ['regnet_x_400mf_cifar', { trainable: 5098986, statistics: 37856, macs: 33751968 }],
  ['regnet_y_400mf_cifar', { trainable: 3907554, statistics: 27152, macs: 33380688 }],
  ['regnet_y_toy', { trainable: 136474, statistics: 3008, macs: 6832896 }],
] as const)('%s has the counts of its PyTorch form', (name, counts) => {
  expect(figures(regnet, name)).toEqual(counts);
});

describe('the stages that come from the line of widths', () => {
  test.each(names)('%s has those of torchvision', (name) => {
    const [depths, widths, groupWidth] = STAGES[name];
    withModel(regnet, name, (model) => {
      const blocks = model.layers.filter((layer) => layer.name.endsWith('.f.b.0'));
      const stages = [1, 2, 3, 4].map((stage) =>
        blocks.filter((layer) => layer.name.startsWith(`trunk_output.block${stage}.block${stage}-`)),
      );
      expect(stages.map((stage) => stage.length)).toEqual(depths);
      expect(stages.map(([block]) => block.outputShape.at(-1))).toEqual(widths);
      for (const [first] of stages) {
        const { groups } = first.getConfig();
        expect((first.outputShape.at(-1) as number) / (groups as number)).toBe(groupWidth);
      }
    });
  });

  test('a stage narrower than a group is one group', () => {
    const [first] = regnetStages({ depth: 4, initialWidth: 8, slope: 16, ratio: 2, groupWidth: 16 });
    expect(first).toEqual({ depth: 1, width: 8, groupWidth: 8 });
  });

  test('a width goes up where the nearest multiple of the group width is more than a tenth below', () => {
    const stages = regnetStages({ depth: 1, initialWidth: 56, slope: 0, ratio: 2, groupWidth: 40 });
    expect(stages).toEqual([{ depth: 1, width: 80, groupWidth: 40 }]);
    const nearer = regnetStages({ depth: 1, initialWidth: 88, slope: 0, ratio: 2, groupWidth: 40 });
    expect(nearer[0].width).toBe(80);
  });
});

describe('modules are those of torchvision', () => {
  const block = (name: 'regnet_x_400mf' | 'regnet_y_400mf', prefix: string) =>
    modules(regnet, name)
      .filter((module) => module.startsWith(prefix))
      .map((module) => module.slice(prefix.length));

  test('stem and head', () => {
    const all = modules(regnet, 'regnet_x_400mf');
    expect(all.slice(0, 2)).toEqual(['stem.0', 'stem.1']);
    expect(all.at(-1)).toBe('fc');
  });

  test('a block that projects, and one that does not', () => {
    expect(new Set(block('regnet_x_400mf', 'trunk_output.block2.block2-0.'))).toEqual(
      new Set(['proj.0', 'proj.1', 'f.a.0', 'f.a.1', 'f.b.0', 'f.b.1', 'f.c.0', 'f.c.1']),
    );
    expect(block('regnet_x_400mf', 'trunk_output.block2.block2-1.')).toEqual([
      'f.a.0',
      'f.a.1',
      'f.b.0',
      'f.b.1',
      'f.c.0',
      'f.c.1',
    ]);
  });

  test('the first stage projects too where it has the width of the stem, since it halves the image', () => {
    expect(block('regnet_x_400mf', 'trunk_output.block1.block1-0.')).toContain('proj.0');
  });

  test('squeeze and excitation after the 3x3, into a quarter of what the block receives', () => {
    expect(block('regnet_y_400mf', 'trunk_output.block2.block2-1.')).toEqual([
      'f.a.0',
      'f.a.1',
      'f.b.0',
      'f.b.1',
      'f.se',
      'f.c.0',
      'f.c.1',
    ]);
    withModel(regnet, 'regnet_y_400mf', (model) => {
      const squeezed = (module: string) => model.getLayer(module).weights[0].shape;
      expect(squeezed('trunk_output.block2.block2-0.f.se')).toEqual([1, 1, 104, 12]);
      expect(squeezed('trunk_output.block2.block2-1.f.se')).toEqual([1, 1, 104, 26]);
    });
  });
});

test('features are the stages, at the strides that timm gives', () => {
  const stage = (index: number) => `trunk_output.block${index}`;
  expect(features(regnet, 'regnet_y_400mf')).toEqual([
    ['stem', 32, 2],
    [stage(1), 48, 4],
    [stage(2), 104, 8],
    [stage(3), 208, 16],
    [stage(4), 440, 32],
  ]);
  expect(features(regnet, 'regnet_x_400mf_cifar')).toEqual([
    ['stem', 32, 1],
    [stage(1), 32, 2],
    [stage(2), 64, 4],
    [stage(3), 160, 8],
    [stage(4), 400, 16],
  ]);
  expect(features(regnet, 'regnet_y_toy')).toEqual([
    ['stem', 32, 1],
    [stage(1), 32, 2],
    [stage(2), 64, 4],
    [stage(3), 128, 8],
  ]);
});

test('drop path rises by the block through all stages', () => {
  const rates = Object.entries(dropPathRates(regnet, 'regnet_y_400mf', 0.15));
  expect(rates).toHaveLength(15);
  expect(rates[0]).toEqual(['trunk_output.block2.block2-0.drop_path', expect.closeTo(0.01, 10)]);
  expect(rates.at(-1)).toEqual(['trunk_output.block4.block4-5.drop_path', expect.closeTo(0.15, 10)]);
});
