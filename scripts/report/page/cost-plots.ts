import { accuracyName } from '../../../src/compare/tested-on';
import { accuracy } from '../headline';
import type { ReportGroup } from '../report';
import type { Figure } from './figure';
import { groupColour, OWN_COLOUR, PLOT_CONFIG, PLOT_SIZE, shareScale } from './plot-style';

/** Accuracy against what it costs: a point a group with its deviation, and small ones for the single runs. */
export function costPlots(groups: readonly ReportGroup[]): Figure[] {
  return [
    costPlot(groups, 'trainableParameters', 'trainable parameters'),
    costPlot(groups, 'macs', 'multiply-accumulates for one image'),
  ];
}

function costPlot(
  groups: readonly ReportGroup[],
  key: 'trainableParameters' | 'macs',
  title: string,
): Figure {
  const name = accuracyName(groups.map(({ testData }) => testData));
  const named = name.charAt(0).toUpperCase() + name.slice(1);
  const means = groups.map((group, i) => ({
    cost: group[key],
    accuracy: group.meanAccuracy,
    least: group.meanAccuracy - (group.accuracyDeviation ?? 0),
    most: group.meanAccuracy + (group.accuracyDeviation ?? 0),
    colour: groupColour(i),
    number: String(i + 1),
  }));
  const runs = groups.flatMap((group, i) =>
    group.runs.length === 1
      ? []
      : group.runs.map(({ testAccuracy }) => ({
          cost: group[key],
          accuracy: testAccuracy,
          colour: groupColour(i),
        })),
  );
  const costs = means.map(({ cost }) => cost);
  const { scale, format } = shareScale([
    ...means.flatMap(({ least, most }) => [least, most]),
    ...runs.map((run) => run.accuracy),
  ]);
  const x = {
    field: 'cost',
    type: 'quantitative',
    title: `${title} (log)`,
    scale: { type: 'log', domain: [Math.min(...costs) / 1.3, Math.max(...costs) * 1.3], nice: false },
    axis: { format: '~s', grid: false, tickCount: 5 },
  };
  const y = {
    field: 'accuracy',
    type: 'quantitative',
    title: name,
    scale,
    axis: { format, tickCount: 6, domain: false, ticks: false },
  };
  return {
    title: `${named} against ${title}`,
    description: `${named} against ${title}. ${groups
      .map((group) => `${group.label}: ${group[key].toLocaleString('en-US')}, ${accuracy(group)}`)
      .join('; ')}.`,
    spec: {
      config: PLOT_CONFIG,
      ...PLOT_SIZE,
      height: 300,
      layer: [
        {
          data: { values: runs },
          mark: { type: 'point', filled: true, size: 22, opacity: 0.5 },
          encoding: { x, y, color: OWN_COLOUR },
        },
        {
          data: { values: means },
          mark: { type: 'rule', strokeWidth: 2 },
          encoding: {
            x,
            y: { ...y, field: 'least' },
            y2: { field: 'most' },
            color: OWN_COLOUR,
          },
        },
        // Group by group, so that where points lie over each other a number stays with its own.
        ...means.flatMap((mean) => [
          {
            data: { values: [mean] },
            mark: { type: 'point', filled: true, size: 160, opacity: 1, stroke: 'var(--page)' },
            encoding: { x, y, color: OWN_COLOUR },
          },
          {
            data: { values: [mean] },
            mark: { type: 'text', fontSize: 10, fontWeight: 'bold', color: 'var(--on-group)' },
            encoding: { x, y, text: { field: 'number' } },
          },
        ]),
      ],
    },
  };
}
