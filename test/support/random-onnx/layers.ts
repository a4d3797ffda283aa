import type { Draw } from './draws';
import { ELEMENTWISE_DRAWS } from './elementwise';
import { PRODUCT_DRAWS } from './products';
import { SHAPE_DRAWS } from './shapes';
import { WINDOW_DRAWS } from './windows';

/** By operator: those of the importer's table, and others that it may come to have. */
export const LAYER_DRAWS: Readonly<Record<string, Draw>> = {
  ...ELEMENTWISE_DRAWS,
  ...WINDOW_DRAWS,
  ...PRODUCT_DRAWS,
  ...SHAPE_DRAWS,
};
