import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readDefinition, shippedExperiments } from '../../../scripts/experiment/find-definition';
import { parseDefinition } from '../../../scripts/experiment/parse-definition';
import { InvalidArgumentError } from '../../../src/errors';

const YAML = `
name: toys
title: Toys,  side by side
question: >
  Which of them
  is best?
data: { subset: 100, validation: 20 }
recipes:
  short: { epochs: 2, schedule: one-cycle }
matrix:
  model: [resnet_toy]
  seed: [1, 2]
include:
  - { model: resnext_toy, groups: 4, label: four groups }
exclude: [{ model: resnet_toy, seed: 2 }]
`;
const VALUE = {
  name: 'toys',
  title: 'Toys, side by side',
  question: 'Which of them is best?',
  data: { subset: 100, validation: 20 },
  recipes: { short: { epochs: 2, schedule: 'one-cycle' } },
  matrix: { model: ['resnet_toy'], seed: [1, 2] },
  include: [{ model: 'resnext_toy', groups: 4, label: 'four groups' }],
  exclude: [{ model: 'resnet_toy', seed: 2 }],
};

test('YAML and JSON are read alike', () => {
  expect(parseDefinition(YAML, 'f')).toEqual(VALUE);
  expect(parseDefinition(JSON.stringify(VALUE), 'f')).toEqual(VALUE);
});

test.each([
  // What is no YAML, or more than plain values.
  ['name: [a', /^f:\d:\d: .*\]/],
  ['name: x\nname: y', 'f:2:1: Map keys must be unique.'],
  ['name: !!js/function "() => 1"', 'f:1:7: Unresolved tag: tag:yaml.org,2002:js/function.'],
  ['name: x\n---\nname: y', /^f:2:1: Source contains multiple documents/],
  ['name: *x', /^f: Unresolved alias/],
  // What is no experiment.
  ['', /^f:1:1: expected keys with values \(name, title, .*\. Received: null\.$/],
  ['- x', /^f:1:1: expected keys with values .* Received: \["x"\]\.$/],
  ['title: x', /^f:1:1: name: expected a name of letters.* Received: undefined\.$/],
  ['name: ../x', /^f:1:1: name: expected a name of letters.* Received: '\.\.\/x'\.$/],
  [
    'name: x\nmatrx: {}',
    "f:2:1: matrx: expected one of name, title, question, data, recipes, matrix, include, exclude (did you mean 'matrix'?). Received: 'matrx'.",
  ],
  [
    'name: x\nmatrix:\n  seed: [1]\n  group: [1]',
    /^f:4:3: matrix\.group: expected one of .* \(did you mean 'groups'\?\)/,
  ],
  [
    'name: x\ndata: { subst: 1 }',
    /^f:2:9: data\.subst: expected one of subset, validation \(did you mean 'subset'\?\)/,
  ],
  ['name: x\ninclude:\n  - { model: resnet_toy, widht: 1 }', /^f:3:26: include\[0\]\.widht: .*'width'/],
  ['name: x\nexclude:\n  - { label: a }', /^f:3:7: exclude\[0\]\.label: expected one of model, groups/],
  ['name: x\n__proto__: {}', /^f:2:1: __proto__: expected one of/],
  ['name: x\nmatrix: { groups: 8 }', 'f:2:11: matrix.groups: expected a list of numbers. Received: 8.'],
  ['name: x\nmatrix: { seed: [] }', 'f:2:11: matrix.seed: expected a list of numbers. Received: [].'],
  [
    'name: x\nmatrix:\n  groups:\n    - 1\n    - 0',
    'f:5:7: matrix.groups[1]: expected a whole number of at least 1. Received: 0.',
  ],
  [
    "name: x\nmatrix: { seed: ['1'] }",
    "f:2:18: matrix.seed[0]: expected a whole number of at least 0. Received: '1'.",
  ],
  ['name: x\ntitle: "a\\eb"', /^f:2:1: title: expected a title in one line/],
  [
    'name: x\ninclude: [{ groups: 1 }]',
    /^f:2:11: include\[0\]\.model: expected the name of a model. Received: undefined\.$/,
  ],
  ['name: x\nrecipes: [1]', /^f:2:1: recipes: expected recipes by name/],
  ['name: x\nrecipes: { a: 1 }', /^f:2:12: recipes\.a: expected parts of a recipe/],
  // What names something that is not there.
  ['name: x\nmatrix: { model: [resnet_toi] }', /^f:2:19: matrix\.model\[0\]: expected one of .*'resnet_toy'/],
  ['name: x\nexclude: [{ model: no }]', /^f:2:13: exclude\[0\]\.model: expected one of/],
  [
    'name: x\nrecipes: { short: {} }\nmatrix: { recipe: [shrt] }',
    "f:3:20: matrix.recipe[0]: expected one of short (did you mean 'short'?). Received: 'shrt'.",
  ],
  // What is no recipe.
  [
    'name: x\nrecipes:\n  a:\n    epochs: 0',
    'f:4:5: recipes.a.epochs: expected a whole number of at least 1. Received: 0.',
  ],
  [
    'name: x\nrecipes:\n  a: { epoch: 1 }',
    /^f:3:3: recipes\.a: expected one of .*\(did you mean 'epochs'\?\)/,
  ],
  [
    'name: x\nrecipes:\n  a: { seed: 1 }',
    'f:3:8: recipes.a.seed: expected no seed in a recipe: matrix.seed has them. Received: 1.',
  ],
])('%j is refused, with line and column', (text, message) => {
  const parse = (): unknown => parseDefinition(text, 'f');
  expect(parse).toThrow(InvalidArgumentError);
  expect(parse).toThrow(message);
});

test('an alias that grows without end is refused', () => {
  const lists = Array.from(
    { length: 9 },
    (_, i) => `l${i}: &l${i} [${i === 0 ? 'x' : `*l${i - 1},`.repeat(9)}]`,
  );
  expect(() => parseDefinition(lists.join('\n'), 'f')).toThrow(/^f: Excessive alias count/);
});

describe('nesting without end is refused where it begins, in a moment', () => {
  test.each([
    ['lists', '['],
    ['mappings', '{a: '],
    ['items', '- '],
    ['keys', '? '],
    ['keys without names', ': '],
  ])('of %s', (_, piece) => {
    const parse = (count: number) => () => parseDefinition(piece.repeat(count), 'f');
    expect(parse(20_000)).toThrow(InvalidArgumentError);
    expect(parse(20_000)).toThrow(/^f:1:\d+: it is nested too deeply\.$/);
    expect(parse(3)).not.toThrow('nested too deeply');
  });

  test('of lines, each further in than the one before it', () => {
    const text = Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n');
    expect(() => parseDefinition(text, 'f')).toThrow(/^f:\d+:\d+: it is nested too deeply\.$/);
  });

  test('and 10 MB of it before it is parsed or read', async () => {
    const message = 'expected an experiment of at most 131072 characters. Received: 10000000.';
    expect(() => parseDefinition('['.repeat(10_000_000), 'f')).toThrow(message);
    const folder = await mkdtemp(join(tmpdir(), 'cardinal-experiment-'));
    try {
      await writeFile(join(folder, 'long.yaml'), '['.repeat(10_000_000));
      const reading = readDefinition(join(folder, 'long.yaml'));
      await expect(reading).rejects.toThrow(
        /long\.yaml could not be read: it has 10000000 bytes, and at most 131072/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('a file', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'cardinal-experiment-'))));
  afterEach(() => rm(folder, { recursive: true }));

  test('is read from its path, and named without it', async () => {
    const file = join(folder, 'toys.yaml');
    await writeFile(file, YAML);
    expect(await readDefinition(file)).toEqual(VALUE);
    await writeFile(file, 'x: 1');
    await expect(readDefinition(file)).rejects.toThrow(/^toys\.yaml:1:1: /);
  });

  test('that is not there, or no file, is told with what ships', async () => {
    await expect(readDefinition('cardinalty')).rejects.toThrow(
      /^file: expected a YAML or JSON file that can be read, or one of .*cardinality.* \(did you mean 'cardinality'\?\)\. Received: 'cardinalty \(ENOENT\)'\.$/,
    );
    await expect(readDefinition(folder)).rejects.toThrow(
      `${folder} could not be read: it is no file but a folder`,
    );
  });
});

test('every experiment that ships can be read, under its own name', async () => {
  const names = await shippedExperiments();
  expect(names).toEqual(expect.arrayContaining(['cardinality', 'families']));
  for (const name of names) expect((await readDefinition(name)).name).toBe(name);
});
