import type { Recipe } from '../src/train/recipe';

/** What `cardinal quickstart` trains; the first one is what the others are compared to. */
export const QUICKSTART_MODELS = ['resnet_toy', 'resnext_toy', 'mobilenet_toy'] as const;

export interface QuickstartRecipe {
  /** Training images, class-balanced; a tenth as many more choose the best epoch. */
  readonly subset: number;
  readonly recipe: Partial<Recipe>;
}

/** For libtensorflow: all three models within 8 minutes on 2 cores. */
export const NATIVE_RECIPE: QuickstartRecipe = {
  subset: 10_000,
  recipe: { epochs: 15, batchSize: 64, learningRate: 0.1, weightDecay: 5e-4, warmupEpochs: 1, seed: 1 },
};

/** For the other backends, which train several times slower: enough to see the whole of it work. */
export const SLOW_RECIPE: QuickstartRecipe = {
  subset: 1_000,
  recipe: { ...NATIVE_RECIPE.recipe, epochs: 3, warmupEpochs: 0.5 },
};
