import { batchSizeFor, type Recipe } from '../src/train/recipe';

/** What `cardinal quickstart` trains; the first one is what the others are compared to. */
export const QUICKSTART_MODELS = ['resnet_toy', 'resnext_toy', 'mobilenet_toy'] as const;

export interface QuickstartRecipe {
  /** Training images, class-balanced; a tenth as many more choose the best epoch. */
  readonly subset: number;
  readonly recipe: Partial<Recipe> & Pick<Recipe, 'epochs' | 'batchSize' | 'learningRate'>;
}

/**
 * For libtensorflow: a few minutes for all three models on 2 cores. So few passes leave no time to learn from crops,
 * which cost `resnext_toy` two points of accuracy here, so images are only flipped.
 */
export const NATIVE_RECIPE: QuickstartRecipe = {
  subset: 20_000,
  recipe: {
    epochs: 4,
    batchSize: 64,
    schedule: 'one-cycle',
    learningRate: 0.2,
    weightDecay: 5e-4,
    padCrop: 0,
    seed: 1,
  },
};

/** For the other backends, which train several times slower: enough to see the whole of it work. */
export const SLOW_RECIPE: QuickstartRecipe = {
  subset: 1_000,
  recipe: { ...NATIVE_RECIPE.recipe, epochs: 3 },
};

/**
 * A recipe of the quickstart for other numbers of images and epochs. Where they leave few steps, batches are smaller
 * and the rate with them: so high a one within 30 steps undoes what they learn.
 */
export function forImages(
  { recipe }: QuickstartRecipe,
  images: number,
  epochs = recipe.epochs,
): QuickstartRecipe['recipe'] {
  const batchSize = batchSizeFor(images, epochs, { largest: recipe.batchSize });
  return { ...recipe, batchSize, learningRate: (recipe.learningRate * batchSize) / recipe.batchSize };
}
