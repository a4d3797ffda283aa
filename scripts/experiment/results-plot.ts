import type { PlotSpec } from '../plots/render-svg';
import { isOverGroups } from './headline';
import type { ExperimentResults } from './results-schema';

const CONFIG = {
  background: 'white',
  font: 'sans-serif',
  axis: { labelLimit: 0, labelFontSize: 11, titleFontSize: 12 },
  legend: { labelLimit: 0, symbolType: 'circle', symbolOpacity: 1 },
  view: { stroke: null },
};
const SIZE = { width: 400, height: 300 };
const COLOR = { scheme: 'tableau10' };
const ACCURACY = { type: 'quantitative', title: 'test accuracy, %', scale: { zero: false, padding: 12 } };

/**
 * Accuracy as a plot: the mean with one standard deviation either way, and each run as a small dot; against groups where
 * they are what differs, else against parameters and against multiply-accumulates.
 */
export function resultsPlot(results: ExperimentResults): PlotSpec {
  const { title, groups, runs } = results;
  const means = groups.map(({ label, groups: cardinality, trainableParameters, macs, ...group }) => {
    const deviation = group.accuracyDeviation ?? 0;
    return {
      ...{ label, groups: cardinality, parameters: trainableParameters, macs },
      accuracy: group.meanAccuracy * 100,
      low: (group.meanAccuracy - deviation) * 100,
      high: (group.meanAccuracy + deviation) * 100,
    };
  });
  const single = runs.map(({ label, groups: cardinality, trainableParameters, macs, testAccuracy }) => ({
    ...{ label, groups: cardinality, parameters: trainableParameters, macs },
    accuracy: testAccuracy * 100,
  }));
  const page = {
    title: { text: title, anchor: 'start' },
    description: `${title}: mean test accuracy, one standard deviation either way, and each run`,
    config: CONFIG,
    datasets: { means, runs: single },
  };
  if (isOverGroups(groups))
    return { ...page, ...SIZE, layer: overGroups(groups.map((group) => group.groups)) };
  const legend = { title: null, orient: 'right' };
  const color = {
    field: 'label',
    type: 'nominal',
    sort: groups.map(({ label }) => label),
    scale: COLOR,
    legend,
  };
  return {
    ...page,
    hconcat: [
      { ...SIZE, layer: layersOf(logarithmic('parameters', 'trainable parameters'), color) },
      { ...SIZE, layer: layersOf(logarithmic('macs', 'multiply-accumulates for one image'), color) },
    ],
  };
}

function overGroups(counts: readonly (number | null)[]): PlotSpec[] {
  const x = {
    field: 'groups',
    type: 'quantitative',
    title: 'groups',
    scale: { type: 'log', base: 2, nice: false, padding: 20 },
    axis: { values: [...new Set(counts)], format: 'd', grid: false },
  };
  const color = { value: '#4c78a8' };
  const line = {
    mark: { type: 'line', opacity: 0.5 },
    data: { name: 'means' },
    encoding: { x, y: { ...ACCURACY, field: 'accuracy' }, color },
  };
  return [line, ...layersOf(x, color)];
}

function layersOf(x: PlotSpec, color: PlotSpec): PlotSpec[] {
  const y = { ...ACCURACY, field: 'accuracy' };
  return [
    {
      mark: { type: 'rule', strokeWidth: 1.5 },
      data: { name: 'means' },
      encoding: { x, y: { ...ACCURACY, field: 'low' }, y2: { field: 'high' }, color },
    },
    {
      mark: { type: 'point', size: 80, filled: true, opacity: 1 },
      data: { name: 'means' },
      encoding: { x, y, color },
    },
    {
      mark: { type: 'point', size: 22, filled: true, opacity: 1, stroke: 'white', strokeWidth: 0.75 },
      data: { name: 'runs' },
      encoding: { x, y, color },
    },
  ];
}

function logarithmic(field: string, title: string): PlotSpec {
  // 137,674 as 138k.
  const axis = { format: '.3~s', grid: false, labelOverlap: true };
  return { field, type: 'quantitative', title, scale: { type: 'log', nice: false, padding: 20 }, axis };
}
