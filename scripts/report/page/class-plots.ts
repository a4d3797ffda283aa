import { testedPart } from '../../../src/compare/tested-on';
import type { PlotSpec } from '../../plots/render-svg';
import type { ReportGroup } from '../report';
import type { Figure } from './figure';
import { groupColour, PLOT_CONFIG } from './plot-style';

/** With more classes than these, numbers in the cells could not be read. */
const MOST_NUMBERED = 12;
/** Sides of a cell, in pixels. */
const CELL = { few: 34, many: 18 };
/** Below this share a cell stays empty. */
const LEAST_SHOWN = 0.005;

/** How often each class is taken for each other, and how often it is recognised. */
export function classPlots(group: ReportGroup, index: number): Figure[] {
  return [confusionPlot(group), accuracyPlot(group, index)];
}

function confusionPlot({ classNames, confusion, runs, label, testData }: ReportGroup): Figure {
  const isNumbered = classNames.length <= MOST_NUMBERED;
  const shares = confusion.map((row) => {
    const count = row.reduce((sum, images) => sum + images, 0);
    return row.map((images) => (count === 0 ? 0 : images / count));
  });
  const mistakes = shares.flatMap((row, truth) => row.filter((_, guess) => guess !== truth));
  const most = Math.max(LEAST_SHOWN, ...mistakes);
  const values = shares.flatMap((row, truth) =>
    row.map((share, guess) => ({
      truth: classNames[truth],
      guess: classNames[guess],
      colour: truth === guess ? 'var(--right)' : 'var(--wrong)',
      // Mistakes are rare beside what is right: by a scale of their own they are seen at all.
      opacity: truth === guess ? 0.65 * share : 0.65 * (share / most),
      shown: share < LEAST_SHOWN ? '' : (share * 100).toFixed(0),
    })),
  );
  const axis = (title: string, field: string): PlotSpec => ({
    field,
    type: 'nominal',
    title,
    sort: [...classNames],
  });
  const x = {
    ...axis('predicted class', 'guess'),
    axis: { orient: 'top', labelAngle: -45, domain: false, ticks: false },
  };
  const y = { ...axis('true class', 'truth'), axis: { domain: false, ticks: false } };
  const of = runs.length === 1 ? '' : `, ${runs.length} seeds together`;
  return {
    title: `What each class is taken for, in percent of its ${testedPart(testData)} images${of}`,
    description: `Confusion matrix of ${label}${of}, true classes in rows. Most often: ${worst(confusion, classNames)}.`,
    spec: {
      config: PLOT_CONFIG,
      width: { step: isNumbered ? CELL.few : CELL.many },
      height: { step: isNumbered ? CELL.few : CELL.many },
      data: { values },
      layer: [
        {
          mark: { type: 'rect', stroke: 'var(--rule)', strokeWidth: 1 },
          encoding: {
            x,
            y,
            fill: { field: 'colour', type: 'nominal', scale: null },
            fillOpacity: { field: 'opacity', type: 'quantitative', scale: null },
          },
        },
        ...(isNumbered ? [{ mark: { type: 'text' }, encoding: { x, y, text: { field: 'shown' } } }] : []),
      ],
    },
  };
}

function worst(confusion: ReportGroup['confusion'], classNames: readonly string[]): string {
  const mistakes = confusion
    .flatMap((row, truth) => row.map((images, guess) => ({ truth, guess, images })))
    .filter(({ truth, guess, images }) => truth !== guess && images > 0)
    .sort((a, b) => b.images - a.images)
    .slice(0, 3);
  if (mistakes.length === 0) return 'none is taken for another';
  return mistakes
    .map(({ truth, guess, images }) => `${classNames[truth]} taken for ${classNames[guess]} ${images} times`)
    .join(', ');
}

function accuracyPlot({ classNames, classAccuracy, label }: ReportGroup, index: number): Figure {
  const values = classNames.map((name, i) => {
    const value = classAccuracy[i];
    const shown = value === null ? 'no images' : `${(value * 100).toFixed(1)} %`;
    return { name, value: value ?? 0, shown };
  });
  const y = {
    field: 'name',
    type: 'nominal',
    sort: null,
    title: null,
    axis: { domain: false, ticks: false, labelPadding: 8, labelColor: 'var(--ink)' },
  };
  const x = {
    field: 'value',
    type: 'quantitative',
    title: 'share of the class that is recognised',
    scale: { domain: [0, 1] },
    axis: { format: '.0%', tickCount: 5, domain: false, ticks: false, labelOverlap: false },
  };
  return {
    title: 'Accuracy by class',
    description: `Accuracy by class of ${label}. ${values.map(({ name, shown }) => `${name}: ${shown}`).join('; ')}.`,
    spec: {
      config: PLOT_CONFIG,
      width: 250,
      height: { step: 34 },
      data: { values },
      layer: [
        {
          mark: { type: 'bar', height: 12, color: groupColour(index), cornerRadiusEnd: 2 },
          encoding: { x, y },
        },
        {
          mark: { type: 'text', align: 'left', dx: 6, baseline: 'middle' },
          encoding: { x, y, text: { field: 'shown' } },
        },
      ],
    },
  };
}
