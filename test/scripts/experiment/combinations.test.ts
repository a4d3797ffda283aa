import { combinationsOf, type Combination } from '../../../scripts/experiment/combinations';
import type { ExperimentDefinition } from '../../../scripts/experiment/definition';

const MATRIX = {
  model: ['a', 'b'],
  groups: [1, 8],
  width: [16, 32, 64],
  subset: [100, 200],
  recipe: ['short', 'long'],
  seed: [7, 1],
};

const of = (definition: Partial<ExperimentDefinition>) => combinationsOf({ name: 'x', ...definition });
const key = (run: Combination) => JSON.stringify(Object.entries(run).sort());

test('the matrix is every combination, all of the first seed before the second', () => {
  const expected: Combination[] = [];
  for (const seed of MATRIX.seed)
    for (const model of MATRIX.model)
      for (const groups of MATRIX.groups)
        for (const width of MATRIX.width)
          for (const subset of MATRIX.subset)
            for (const recipe of MATRIX.recipe) expected.push({ model, groups, width, subset, recipe, seed });
  expect(of({ matrix: MATRIX })).toEqual(expected);
});

test('a key that the matrix does not have is in no combination; the seed is that of a recipe by default', () => {
  expect(of({ matrix: { model: ['a', 'b'] } })).toEqual([
    { model: 'a', seed: 0 },
    { model: 'b', seed: 0 },
  ]);
});

test('exclude takes away what has all of its values, whatever the rest', () => {
  const exclude = [
    { model: 'b', groups: 8 },
    { width: 64, recipe: 'long' },
  ];
  const expected = of({ matrix: MATRIX }).filter(
    ({ model, groups, width, recipe }) =>
      !(model === 'b' && groups === 8) && !(width === 64 && recipe === 'long'),
  );
  expect(of({ matrix: MATRIX, exclude })).toEqual(expected);
  expect(expected).toHaveLength(96 - 24 - 8 * 2 + 8 / 2);
});

test('include adds once for each seed of the matrix, or for its own; exclude does not touch it', () => {
  const definition = {
    matrix: { model: ['a'], groups: [1, 2], seed: [1, 2] },
    exclude: [{ groups: 2 }],
    include: [
      { model: 'a', groups: 2, label: 'back again' },
      { model: 'c', seed: 9 },
    ],
  };
  expect(of(definition)).toEqual([
    { model: 'a', groups: 1, seed: 1 },
    { model: 'a', groups: 2, seed: 1, label: 'back again' },
    { model: 'a', groups: 1, seed: 2 },
    { model: 'a', groups: 2, seed: 2, label: 'back again' },
    { model: 'c', seed: 9 },
  ]);
  expect(of({ matrix: { seed: [1, 2] }, include: [{ model: 'c' }] }).map(key)).toEqual(
    [1, 2].map((seed) => key({ model: 'c', seed })),
  );
});

test.each([
  [
    'a value that comes twice',
    { matrix: { model: ['a', 'a'] } },
    "matrix.model: expected each value once. Received: 'a'.",
  ],
  [
    'an exclude without effect',
    { matrix: { model: ['a'] }, exclude: [{ groups: 3 }] },
    /^exclude\[0\]: expected values that/,
  ],
  [
    'an include that is there',
    { matrix: { model: ['a'], seed: [1] }, include: [{ model: 'a' }] },
    /^include\[0\]: expected a combination that is not/,
  ],
  [
    'no run at all',
    { matrix: { model: ['a'] }, exclude: [{ model: 'a' }] },
    'matrix, include: expected 1 to 256 runs. Received: 0.',
  ],
  ['an empty file', {}, 'expected 1 to 256 runs. Received: 0.'],
  [
    'too many',
    { matrix: { model: ['a'], seed: Array.from({ length: 257 }, (_, i) => i) } },
    'Received: 257.',
  ],
  [
    'keys without models',
    { matrix: { groups: [1] } },
    /^matrix.model: expected names of models, which are to have the matrix's groups/,
  ],
])('%s is an error', (_, definition, message) => expect(() => of(definition)).toThrow(message));
