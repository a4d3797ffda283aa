import type { PlotSpec } from '../../plots/render-svg';
import type { Plan } from '../plan';
import type { Result } from '../results';

const CONFIG = {
  background: 'white',
  font: 'sans-serif',
  axis: { labelLimit: 0, labelFontSize: 11, titleFontSize: 12 },
  view: { stroke: null },
};
const COLOR = { scheme: 'tableau10' };

/**
 * A result's plots by file name: a chart of lines for each set of points; where there are none, bars of the speed of
 * each contestant, item by item.
 */
export function plotsOf(result: Result, charts: Plan['charts']): Map<string, PlotSpec> {
  if (charts === undefined) return new Map([[`${result.case}.svg`, bars(result)]]);
  return new Map(
    Object.entries(charts).map(([chart, titles]) => [
      `${result.case}-${chart}.svg`,
      lines(result, chart, titles),
    ]),
  );
}

function bars(result: Result): PlotSpec {
  const values = result.items.flatMap(({ title, entries }) =>
    entries.map((entry) => ({ item: title, by: entry.title, value: entry.imagesPerSecond })),
  );
  const order = (key: 'item' | 'by') => [...new Set(values.map((value) => value[key]))];
  return {
    title: result.title,
    data: { values },
    config: CONFIG,
    // A scale of its own for each item, since one convolution takes a hundredth of the time of another.
    columns: 2,
    facet: {
      field: 'item',
      title: null,
      sort: order('item'),
      header: { labelFontWeight: 'bold' },
    },
    resolve: { scale: { x: 'independent' } },
    spec: {
      width: 300,
      height: { step: 16 },
      mark: { type: 'bar' },
      encoding: {
        y: { field: 'by', type: 'nominal', title: null, sort: order('by') },
        x: { field: 'value', type: 'quantitative', title: 'images/s (longer is faster)' },
        color: { field: 'by', type: 'nominal', legend: null, sort: order('by'), scale: COLOR },
      },
    },
  };
}

function lines(
  result: Result,
  chart: string,
  { title, xTitle }: { title: string; xTitle: string },
): PlotSpec {
  const values = result.items.flatMap(({ point, entries }) =>
    point?.chart !== chart
      ? []
      : entries.map(({ title: by, milliseconds: { median, q1, q3 } }) => ({
          x: point.x,
          by,
          median,
          q1,
          q3,
        })),
  );
  const by = [...new Set(values.map((value) => value.by))];
  const ticks = [...new Set(values.map(({ x }) => x))];
  // Doubled from point to point, or added to.
  const doubles = ticks.length > 2 && ticks[1] / ticks[0] === ticks[2] / ticks[1];
  const x = {
    field: 'x',
    type: 'quantitative',
    title: xTitle,
    scale: doubles ? { type: 'log', base: 2 } : { zero: false },
    axis: { values: ticks },
  };
  const color = { field: 'by', type: 'nominal', title: null, sort: by, scale: COLOR };
  return {
    title,
    data: { values },
    config: CONFIG,
    width: 460,
    height: 300,
    layer: [
      {
        mark: { type: 'line', point: true },
        encoding: {
          x,
          y: { field: 'median', type: 'quantitative', title: 'milliseconds', scale: { type: 'log' } },
          color,
        },
      },
      {
        mark: { type: 'rule' },
        encoding: { x, y: { field: 'q1', type: 'quantitative' }, y2: { field: 'q3' }, color },
      },
    ],
  };
}
