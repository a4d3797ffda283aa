import { checkForm, type ConvolutionForm } from './convolution-form';

/** Channels that are drawn as one mark: `first` to `last`, from 0. */
export interface Bundle {
  readonly first: number;
  readonly last: number;
}

/** Marks of two columns of which each channel of one reads each channel of the other. */
export interface Link {
  /** Which convolution it belongs to. */
  readonly step: number;
  readonly group: number;
  /** One channel or several next to each other. */
  readonly from: Bundle;
  readonly to: Bundle;
}

/** A row of a drawing: one group, or several that are left out. */
export interface Lane {
  readonly groups: Bundle;
  readonly isHidden: boolean;
  /** What stands for the channels of the lane in the first column, and in the second. None where it is hidden. */
  readonly marks: readonly [from: readonly Bundle[], to: readonly Bundle[]];
}

/** What to draw of a convolution: which channels read which. */
export interface Connectivity {
  /** Channels of each column: input, for a separable one what the depthwise convolution puts out, output. */
  readonly channels: readonly number[];
  /** The rows of the first two columns. */
  readonly lanes: readonly Lane[];
  /** The marks of the last column of a separable one. */
  readonly mixed: readonly Bundle[];
  readonly links: readonly Link[];
}

/** Up to this many channels a column has a node for each; with more there are bundles, and groups are left out. */
export const MOST_NODES = 32;
/** Of more groups than this the first three and the last are drawn. */
export const MOST_GROUPS = 8;
const FIRST_GROUPS = 3;

/**
 * Which channels of a convolution read which, group by group: output channels `[g·out/groups, (g+1)·out/groups)` read the
 * input channels `[g·in/groups, (g+1)·in/groups)`.
 *
 * Up to {@link MOST_NODES} channels a column, every channel and every connection is there. Beyond that it is condensed, and
 * nothing is drawn that is not so: of more than {@link MOST_GROUPS} groups the first three and the last are kept, and how
 * many lie between; channels of a group that are still too many become one bundle, of which each channel is connected.
 *
 * @example
 * connectivityOf(convolutionForm({ inChannels: 8, outChannels: 16, groups: 2 })).links.length; // 64: 2 groups of 4 · 8
 */
export function connectivityOf(form: ConvolutionForm): Connectivity {
  checkForm(form);
  const { steps } = form;
  const [{ spec }] = steps;
  const channels = [spec.inChannels, ...steps.map((step) => step.spec.outChannels)];
  const { groups } = spec;
  const sizes = [spec.inChannels / groups, spec.outChannels / groups] as const;
  const isWhole = Math.max(...channels) <= MOST_NODES;
  const shown = isWhole || groups <= MOST_GROUPS ? range(groups) : [...range(FIRST_GROUPS), groups - 1];
  const asNodes = isWhole || Math.max(...sizes) * shown.length <= MOST_NODES;
  const lane = (group: number): Lane => ({
    groups: { first: group, last: group },
    isHidden: false,
    marks: [marksOf(group, sizes[0], asNodes), marksOf(group, sizes[1], asNodes)],
  });
  const lanes = shown.map(lane);
  const links = lanes.flatMap(({ marks: [from, to], groups: { first: group } }) =>
    allPairs(from, to).map((pair) => ({ step: 0, group, ...pair })),
  );
  if (shown.length < groups) {
    const groupsLeftOut = { first: FIRST_GROUPS, last: groups - 2 };
    lanes.splice(-1, 0, { groups: groupsLeftOut, isHidden: true, marks: [[], []] });
  }
  if (steps.length === 1) return { channels, lanes, mixed: [], links };
  const last = channels[2];
  const mixed = marksOf(0, last, isWhole);
  const sources = isWhole ? lanes.flatMap(({ marks }) => marks[1]) : marksOf(0, channels[1], false);
  const mixing = allPairs(sources, mixed).map((pair) => ({ step: 1, group: 0, ...pair }));
  return { channels, lanes, mixed, links: [...links, ...mixing] };
}

/** How many channels a bundle has. */
export function sizeOf({ first, last }: Bundle): number {
  return last - first + 1;
}

function marksOf(group: number, size: number, asNodes: boolean): Bundle[] {
  const first = group * size;
  if (!asNodes) return [{ first, last: first + size - 1 }];
  return range(size).map((index) => ({ first: first + index, last: first + index }));
}

function allPairs(from: readonly Bundle[], to: readonly Bundle[]): Pick<Link, 'from' | 'to'>[] {
  return from.flatMap((source) => to.map((target) => ({ from: source, to: target })));
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
