import { batchSizeFor, DEFAULT_RECIPE, resolveRecipe } from '../../src/train/recipe';
import { train } from '../../src/train/train';
import { smallDataset, smallModel } from './small-problem';

test.each([
  // images, epochs, batch size: 100 steps of the largest that has them
  [50_000, 30, 128],
  [20_000, 1, 128],
  [12_800, 1, 128],
  [12_799, 1, 64],
  [2_000, 4, 64],
  [2_000, 2, 32],
  [2_000, 1, 32],
  [100, 1, 32],
  [20, 1, 20],
  [0, 1, 1],
])('a recipe for %d images and %d epochs has batches of %d', (images, epochs, batchSize) => {
  expect(batchSizeFor(images, epochs)).toBe(batchSize);
  expect(resolveRecipe({ epochs }, images)).toEqual({ ...resolveRecipe({ epochs }), batchSize });
});

test('a batch size that was asked for stays, and so does the default where no number of images is known', () => {
  expect(resolveRecipe({ epochs: 1, batchSize: 256 }, 300).batchSize).toBe(256);
  expect(resolveRecipe({ epochs: 1 }).batchSize).toBe(DEFAULT_RECIPE.batchSize);
});

test('training takes as many images as there are, where nothing is said of batches', async () => {
  const model = smallModel();
  const { recipe, steps } = await train(model, { train: smallDataset(70) }, { epochs: 2 });
  expect([recipe.batchSize, steps]).toEqual([32, 4]);
  model.dispose();
});
