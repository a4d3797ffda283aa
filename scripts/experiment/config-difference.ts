import { isDeepStrictEqual } from 'node:util';

import type { RunConfig } from '../../src/train/run-config';

/** A field in which two configs differ. */
export interface ConfigDifference {
  /** Such as `recipe.epochs`. */
  readonly field: string;
  readonly there: unknown;
  readonly asked: unknown;
}

/**
 * The first field in which a run that is there would have been trained otherwise than one that is asked for. Where it was
 * computed, and with which versions, is not looked at.
 *
 * @example
 * configDifference(await readRunConfig('runs/toy'), config)?.field; // 'recipe.epochs'
 */
export function configDifference(there: RunConfig, asked: RunConfig): ConfigDifference | undefined {
  const [before, now] = [compared(there), compared(asked)];
  for (const part of ['model', 'options', 'data', 'recipe'] as const) {
    const [a, b] = [before[part], now[part]] as Record<string, unknown>[];
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      if (isDeepStrictEqual(a[key], b[key])) continue;
      return { field: `${part === 'options' ? 'model.options' : part}.${key}`, there: a[key], asked: b[key] };
    }
  }
  return undefined;
}

function compared({ model: { options, ...model }, data: { source: _, ...data }, recipe }: RunConfig) {
  return { model, options, data, recipe };
}
