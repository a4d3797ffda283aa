import { isModelName, modelInfo } from '../../models';
import type { LabelledRuns } from './group-finished-runs';

/**
 * For each group the label of its dense form, or `null`: the zoo's dense twin of its model, or its own model with one group,
 * trained alike.
 */
export function denseTwins(groups: readonly LabelledRuns[]): (string | null)[] {
  return groups.map((group) => groups.find((other) => isDenseFormOf(group, other))?.label ?? null);
}

function isDenseFormOf(group: LabelledRuns, other: LabelledRuns): boolean {
  if (other.label === group.label || other.training !== group.training) return false;
  const [own, its] = [group, other].map(({ runs: [{ config }] }) => config.model);
  if (own.options.groups === 1) return false;
  if (own.name === its.name) return its.options.groups === 1;
  const twin = isModelName(own.name) ? modelInfo(own.name).denseTwin : undefined;
  return twin === its.name && its.options.groups === undefined && its.options.width === own.options.width;
}
