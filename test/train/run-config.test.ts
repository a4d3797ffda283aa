import { DEFAULT_RECIPE } from '../../src/train/recipe';
import { recipeSchema } from '../../src/train/run-config';

test('a recipe from before an option was there has its default', () => {
  const { normBiasScale, lookahead, whiten, padMode, testTimeAugmentation, precision, ...older } =
    DEFAULT_RECIPE;
  expect([normBiasScale, lookahead, whiten, padMode, testTimeAugmentation, precision]).not.toContain(
    undefined,
  );
  expect(recipeSchema.parse(older)).toEqual(DEFAULT_RECIPE);
});
