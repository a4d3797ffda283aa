import { formatValue, type MetricKind } from '../../../src/compare/metrics';
import type { ReportGroup } from '../report';
import type { Figure } from './figure';
import { groupColour, OWN_COLOUR, PLOT_CONFIG } from './plot-style';

interface Speed {
  readonly title: string;
  /** Whether more is faster. */
  readonly isFast: boolean;
  readonly unit: string;
  readonly kind: MetricKind;
  readonly of: (group: ReportGroup) => number | undefined;
}

const SPEEDS: readonly Speed[] = [
  {
    title: 'Training',
    isFast: true,
    unit: 'images/s',
    kind: 'rate',
    of: ({ trainImagesPerSecond }) => trainImagesPerSecond,
  },
  {
    title: 'Inference, batch 64',
    isFast: true,
    unit: 'images/s',
    kind: 'rate',
    of: ({ measured }) => measured?.imagesPerSecond,
  },
  {
    title: 'Latency, batch 1',
    isFast: false,
    unit: 'ms',
    kind: 'milliseconds',
    of: ({ measured }) => measured?.latencyMs,
  },
];

/** Bars of how fast the groups train and predict; what was not measured is left out. */
export function speedPlots(groups: readonly ReportGroup[]): Figure[] {
  return SPEEDS.filter(({ of }) => groups.every((group) => of(group) !== undefined)).map((speed) =>
    bars(groups, speed),
  );
}

function bars(groups: readonly ReportGroup[], { title, isFast, unit, kind, of }: Speed): Figure {
  const values = groups.map((group, i) => {
    const value = of(group) ?? 0;
    return {
      value,
      row: i,
      name: `${i + 1}  ${group.label}`,
      shown: formatValue(kind, value),
      colour: groupColour(i),
    };
  });
  const y = { field: 'row', type: 'ordinal', title: null, axis: null };
  const most = Math.max(...values.map(({ value }) => value));
  const x = {
    field: 'value',
    type: 'quantitative',
    title: `${unit} (${isFast ? 'longer' : 'shorter'} is faster)`,
    // With room for the value behind the longest bar.
    scale: { domain: [0, most * 1.25], nice: false },
    axis: { grid: true, tickCount: 4, domain: false, ticks: false, format: ',~f' },
  };
  return {
    title,
    description: `${title}. ${groups.map(({ label }, i) => `${label}: ${values[i].shown} ${unit}`).join('; ')}.`,
    spec: {
      config: PLOT_CONFIG,
      width: 320,
      height: { step: 44 },
      data: { values },
      layer: [
        {
          mark: { type: 'bar', height: 12, yOffset: 10, cornerRadiusEnd: 2 },
          encoding: { x, y, color: OWN_COLOUR },
        },
        {
          mark: { type: 'text', align: 'left', baseline: 'middle', dx: 6, yOffset: 10, fontWeight: 'bold' },
          encoding: { x, y, text: { field: 'shown' } },
        },
        {
          // Over the bar, where a long name has room on a telephone too.
          mark: { type: 'text', align: 'left', baseline: 'bottom', yOffset: 1 },
          encoding: { x: { datum: 0, type: 'quantitative' }, y, text: { field: 'name' } },
        },
      ],
    },
  };
}
