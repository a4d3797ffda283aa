import type { EpochMetrics } from '../../../src/train/train-state';
import type { ReportGroup } from '../report';
import type { Figure } from './figure';
import { groupColour, groupDash, OWN_COLOUR, PLOT_CONFIG, PLOT_SIZE } from './plot-style';

const CURVES = [
  { key: 'trainLoss', title: 'Training loss', unit: 'nats an image' },
  { key: 'validationLoss', title: 'Validation loss', unit: 'nats an image' },
  { key: 'trainAccuracy', title: 'Training accuracy', unit: 'share of the images' },
  { key: 'validationAccuracy', title: 'Validation accuracy', unit: 'share of the images' },
] as const;

/** Below this many epochs each of them is marked, since a line of so few says little by itself. */
const FEW_EPOCHS = 15;

/** Loss and accuracy by epoch, a line for each run; those that no run has are left out. */
export function curvePlots(groups: readonly ReportGroup[]): Figure[] {
  return CURVES.flatMap((curve) => {
    const figure = curvePlot(groups, curve);
    return figure === undefined ? [] : [figure];
  });
}

function curvePlot(
  groups: readonly ReportGroup[],
  { key, title, unit }: (typeof CURVES)[number],
): Figure | undefined {
  const values = groups.flatMap(({ runs }, group) =>
    runs.flatMap(({ history, run }) =>
      history
        .filter(
          (metrics): metrics is EpochMetrics & { [K in typeof key]: number } => metrics[key] !== undefined,
        )
        .map((metrics) => ({
          run,
          epoch: metrics.epoch,
          value: metrics[key],
          colour: groupColour(group),
          dash: groupDash(group),
        })),
    ),
  );
  if (values.length === 0) return undefined;
  const isShare = key.endsWith('Accuracy');
  const epochs = Math.max(...values.map(({ epoch }) => epoch));
  return {
    title,
    description: `${title} by epoch. ${groups.map((group) => lastOf(group, key, isShare)).join('; ')}.`,
    spec: {
      config: PLOT_CONFIG,
      ...PLOT_SIZE,
      height: 260,
      data: { values },
      mark: {
        type: 'line',
        strokeWidth: 1.8,
        ...(epochs < FEW_EPOCHS && { point: { filled: true, size: 28 } }),
      },
      encoding: {
        x: {
          field: 'epoch',
          type: 'quantitative',
          title: 'epoch',
          scale: { domain: epochs === 1 ? [0, 2] : [1, epochs], nice: false },
          axis: { grid: false, format: 'd', tickMinStep: 1, tickCount: Math.min(8, epochs) },
        },
        y: {
          field: 'value',
          type: 'quantitative',
          title: unit,
          scale: { zero: false, nice: true },
          axis: { tickCount: 5, domain: false, ticks: false, ...(isShare && { format: '.0%' }) },
        },
        color: OWN_COLOUR,
        strokeDash: { field: 'dash', type: 'nominal', scale: null },
        detail: { field: 'run', type: 'nominal' },
      },
    },
  };
}

function lastOf({ label, runs }: ReportGroup, key: (typeof CURVES)[number]['key'], isShare: boolean): string {
  const ends = runs.map(({ history }) => {
    const value = history.at(-1)?.[key];
    if (value === undefined) return 'none';
    return isShare ? `${(value * 100).toFixed(1)} %` : value.toFixed(3);
  });
  return `${label} ends at ${ends.join(', ')}`;
}
