import type { RunConfig } from '../src/train/run-config';

/**
 * What a run has in common with those that differ from it in their seed alone: the model's name, and each option of it
 * that was chosen. The seed is never in it, nor what follows from the data (classes, shape of the images).
 *
 * @example
 * runLabel(await readRunConfig('runs/toy')); // 'resnext_toy, 8 groups, width 32'
 */
export function runLabel({ model: { name, options } }: RunConfig): string {
  const { groups, width, padType, normEpsilon, dropRate, implementation } = options;
  return [
    name,
    ...(groups === undefined ? [] : [groups === 1 ? '1 group' : `${groups} groups`]),
    ...(width === undefined ? [] : [`width ${width}`]),
    ...(padType === 'same' ? ['same padding'] : []),
    ...(normEpsilon === undefined ? [] : [`norm epsilon ${normEpsilon}`]),
    ...(dropRate === 0 ? [] : [`dropout ${dropRate}`]),
    ...(implementation === 'auto' ? [] : [implementation]),
  ].join(', ');
}
