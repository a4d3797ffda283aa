import { accuracyText, compareMeans } from '../../src/compare/spread';
import { testedText } from '../../src/compare/tested-on';
import type { ReportGroup } from './report';

type Facts = Pick<
  ReportGroup,
  | 'label'
  | 'denseTwin'
  | 'meanAccuracy'
  | 'accuracyDeviation'
  | 'trainableParameters'
  | 'macs'
  | 'testImages'
  | 'testData'
> & { readonly runs: readonly unknown[] };

/**
 * What the numbers say, sentence by sentence: which group is the most accurate, and what the best grouped one saves
 * against its dense twin. A difference that the spread between seeds explains is said to be none.
 *
 * @param trainingDifferences in what their training differs, such as `epochs`
 *
 * @example
 * headline(groups)[0]; // 'resnext_toy is the most accurate: 67.23 ± 0.41 %, 1.20 points ahead of resnet_toy, which is …'
 */
export function headline(groups: readonly Facts[], trainingDifferences: readonly string[] = []): string[] {
  const ranked = [...groups].sort((a, b) => b.meanAccuracy - a.meanAccuracy);
  if (groups.some((group) => testImages(group) !== testImages(groups[0]))) {
    return ['These models were tested on different images, so that their accuracies cannot be compared.'];
  }
  return [
    ranked.length === 1 ? single(ranked[0]) : ranking(ranked),
    ...savings(ranked),
    ...(trainingDifferences.length === 0
      ? []
      : [
          `They were not all trained alike, which is a part of these differences: they differ in ${listOf(trainingDifferences)}.`,
        ]),
  ];
}

function single(group: Facts): string {
  const mean = group.runs.length === 1 ? '' : `, the mean of ${group.runs.length} seeds`;
  return `${group.label} gets ${accuracy(group)} of the ${testImages(group)} right${mean}.`;
}

function ranking([best, second, ...rest]: readonly Facts[]): string {
  const ahead = `${accuracy(best)}, ${points(best.meanAccuracy - second.meanAccuracy)} ahead of ${second.label}`;
  switch (compareMeans(sample(best), sample(second))) {
    case 'beyond':
      return `${best.label} is the most accurate: ${ahead}, which is beyond the spread between seeds.`;
    case 'within': {
      const level = [second, ...rest].filter(
        (other) => compareMeans(sample(best), sample(other)) === 'within',
      );
      const isAll = level.length === rest.length + 1 && level.length > 1;
      const names = isAll ? 'the others' : listOf(level.map(({ label }) => label));
      const are = level.length === 1 ? 'is' : 'are';
      return `No model is clearly ahead: ${best.label} has ${accuracy(best)}, and ${names} ${are} within the spread between seeds.`;
    }
    case 'unknown':
      return `${best.label} has the highest accuracy: ${ahead}. A single seed does not tell how much of that is chance.`;
  }
}

/** Of the most accurate grouped one whose dense twin is there too. */
function savings(ranked: readonly Facts[]): string[] {
  for (const grouped of ranked) {
    const dense = ranked.find(({ label }) => label === grouped.denseTwin);
    if (dense === undefined) continue;
    const costs = [
      change('parameters', grouped.trainableParameters / dense.trainableParameters),
      change('multiply-accumulates', grouped.macs / dense.macs),
    ];
    return [
      `Against its dense twin ${dense.label}, ${grouped.label} has ${listOf(costs)}, at ${twinAccuracy(grouped, dense)}.`,
    ];
  }
  return [];
}

function change(what: string, ratio: number): string {
  const percent = Math.round(Math.abs(1 - ratio) * 100);
  return percent === 0 ? `as many ${what}` : `${percent} % ${ratio < 1 ? 'fewer' : 'more'} ${what}`;
}

function twinAccuracy(grouped: Facts, dense: Facts): string {
  const difference = grouped.meanAccuracy - dense.meanAccuracy;
  const size = `${points(Math.abs(difference))} ${difference < 0 ? 'lower' : 'higher'}`;
  switch (compareMeans(sample(grouped), sample(dense))) {
    case 'beyond':
      return `an accuracy ${size}, which is beyond the spread between seeds`;
    case 'within':
      return `the same accuracy within the spread between seeds (${size})`;
    case 'unknown':
      return `an accuracy ${size}, of which the chance of a single seed may be a part`;
  }
}

function sample({ meanAccuracy: mean, accuracyDeviation, runs }: Facts): Parameters<typeof compareMeans>[0] {
  return { mean, deviation: accuracyDeviation ?? undefined, count: runs.length };
}

/** `67.23 ± 0.41 %`, or `67.23 %` of a single run. */
export function accuracy({
  meanAccuracy,
  accuracyDeviation,
}: Pick<ReportGroup, 'meanAccuracy' | 'accuracyDeviation'>): string {
  return accuracyText(meanAccuracy, accuracyDeviation);
}

/** What a group was tested on: `10,000 test images of cifar10`. */
export function testImages(group: Pick<ReportGroup, 'testImages' | 'testData'>): string {
  return testedText(group);
}

function points(share: number): string {
  return `${(share * 100).toFixed(2)} points`;
}

function listOf(texts: readonly string[]): string {
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`;
}
