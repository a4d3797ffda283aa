import { AdamW } from './adamw';
import type { Optimizer, Parameter } from './optimizer';
import type { Recipe } from './recipe';
import { Sgd } from './sgd';

/** The optimiser that a recipe names, for these parameters, with empty slots. */
export function createOptimizer(recipe: Recipe, parameters: readonly Parameter[]): Optimizer {
  switch (recipe.optimizer) {
    case 'sgd':
      return new Sgd(parameters, recipe);
    case 'adamw':
      return new AdamW(parameters, recipe);
  }
}
