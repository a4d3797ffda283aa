import { accuracyText, compareMeans, type Sample } from '../../src/compare/spread';
import type { GroupOfRuns } from './results-schema';

/** Whether these are one model, each with another cardinality: then that is what is compared, and drawn. */
export function isOverGroups(
  sets: readonly { readonly model: string; readonly groups: number | null }[],
): boolean {
  const counts = new Set(sets.map(({ groups }) => groups));
  const models = new Set(sets.map(({ model }) => model));
  return sets.length > 1 && models.size === 1 && !counts.has(null) && counts.size === sets.length;
}

/**
 * What the numbers say, cautiously: which group is best, how far it is ahead, and whether that is more than the spread
 * between seeds.
 *
 * @example
 * headlineOf(groupRuns(runs), { planned: 18, finished: 18 });
 * // 'With 8 groups the accuracy is highest of 6: 68.12 ± 0.35 % of the test images over 3 seeds. …'
 */
export function headlineOf(
  groups: readonly GroupOfRuns[],
  { planned, finished }: { planned: number; finished: number },
): string {
  if (groups.length === 0) return `None of ${planned} runs is finished yet.`;
  const sentences = groups.length === 1 ? [single(groups[0])] : comparison(groups);
  if (finished < planned) sentences.push(`This is preliminary: ${finished} of ${planned} runs are finished.`);
  return sentences.join(' ');
}

function single(group: GroupOfRuns): string {
  return `${group.label} classifies ${accuracyOf(group)} rightly${overSeeds(group)}.`;
}

function comparison(groups: readonly GroupOfRuns[]): string[] {
  const ranked = [...groups].sort((a, b) => b.meanAccuracy - a.meanAccuracy);
  const [best, second] = ranked;
  const overGroups = isOverGroups(
    groups.map(({ runs: [{ model, groups: count }] }) => ({ model, groups: count })),
  );
  const name = overGroups ? cardinality : ({ label }: GroupOfRuns) => label;
  const fewest = [...groups].sort((a, b) => (a.runs[0].groups ?? 0) - (b.runs[0].groups ?? 0))[0];
  const other = overGroups && best !== fewest ? fewest : second;
  const subject = overGroups
    ? `With ${name(best)} the accuracy is highest`
    : `${name(best)} has the highest accuracy`;
  const near = ranked.filter(
    (group) => group !== best && group !== other && compareMeans(sample(best), sample(group)) === 'within',
  );
  return [
    `${subject} of ${groups.length}${overGroups ? atParameters(groups) : ''}: ${accuracyOf(best)}${overSeeds(best)}.`,
    against(best, other, name),
    ...(near.length === 0 ? [] : [`Within the spread of it as well: ${near.map(name).join('; ')}.`]),
  ];
}

function against(best: GroupOfRuns, other: GroupOfRuns, name: (group: GroupOfRuns) => string): string {
  const ahead = points(best.meanAccuracy - other.meanAccuracy);
  const fact = `It is ${ahead} points ahead of ${name(other)} (${accuracyText(other.meanAccuracy, other.accuracyDeviation)})`;
  switch (compareMeans(sample(best), sample(other))) {
    case 'beyond':
      return `${fact}, more than the spread between seeds explains.`;
    case 'within':
      return `${fact}, which is within the spread between seeds: these runs do not tell the two apart.`;
    case 'unknown':
      return `${fact}; how much of that is chance a single seed does not show.`;
  }
}

function sample({ meanAccuracy, accuracyDeviation, runs }: GroupOfRuns): Sample {
  return { mean: meanAccuracy, deviation: accuracyDeviation, count: runs.length };
}

function cardinality({ runs: [{ groups }] }: GroupOfRuns): string {
  return groups === 1 ? '1 group' : `${groups} groups`;
}

function atParameters(groups: readonly GroupOfRuns[]): string {
  const counts = groups.map(({ runs: [{ trainableParameters }] }) => trainableParameters);
  const [least, most] = [Math.min(...counts), Math.max(...counts)].map((count) =>
    count.toLocaleString('en-US'),
  );
  return least === most ? ` at ${least} parameters` : ` at ${least} to ${most} parameters`;
}

function accuracyOf({ meanAccuracy, accuracyDeviation }: GroupOfRuns): string {
  return `${accuracyText(meanAccuracy, accuracyDeviation)} of the test images`;
}

function overSeeds({ runs }: GroupOfRuns): string {
  return runs.length === 1 ? ' with one seed' : ` over ${runs.length} seeds`;
}

function points(share: number): string {
  return (share * 100).toFixed(2);
}
