import { type Bundle, type Connectivity, type Lane, sizeOf } from './connectivity';
import { counted, textWidth, widest } from './text';

/** A channel, or a bundle of them, where it is drawn: `x` and `y` are its centre. */
export interface Mark {
  readonly bundle: Bundle;
  readonly column: number;
  /** The group it is coloured by; `undefined` where all channels are mixed. */
  readonly group: number | undefined;
  readonly x: number;
  readonly y: number;
  /** Half of what it takes of the drawing, from its centre. */
  readonly halfWidth: number;
  readonly halfHeight: number;
}

/** Groups that are left out, where their number is written. */
export interface Gap {
  readonly lane: Lane;
  readonly y: number;
}

/** All places of a drawing of connections, from 0 in both directions. */
export interface Geometry {
  readonly width: number;
  readonly height: number;
  /** The middle of each column. */
  readonly columns: readonly number[];
  readonly marks: readonly Mark[];
  readonly gaps: readonly Gap[];
}

const NODE_RADIUS = 4.5;
const SMALL_NODE_RADIUS = 3.6;
const BUNDLE_HEIGHT = 36;
const HIDDEN_HEIGHT = 40;
const LANE_GAP = 8;
const LEAST_REACH = 112;

/** Two lines of text: how many channels, and which. */
export function bundleLines(bundle: Bundle): [count: string, range: string] {
  return [counted(sizeOf(bundle), 'channel'), `${bundle.first} to ${bundle.last}`];
}

/** What stands where groups are left out. */
export function gapText({ groups }: Lane): string {
  return counted(sizeOf(groups), 'more group');
}

/** What is written on the band between two bundles. */
export function bandText(from: Bundle, to: Bundle): string {
  return counted(sizeOf(from) * sizeOf(to), 'connection');
}

/** Where everything of a drawing of connections goes. */
export function geometryOf(connectivity: Connectivity): Geometry {
  const { channels, lanes, mixed } = connectivity;
  const isSmall = Math.max(...channels) > 16;
  const radius = isSmall ? SMALL_NODE_RADIUS : NODE_RADIUS;
  const pitch = isSmall ? 11 : 15;
  const heightOf = ({ first, last }: Bundle) => (first === last ? pitch : BUNDLE_HEIGHT);
  const stack = (bundles: readonly Bundle[]) => bundles.reduce((sum, bundle) => sum + heightOf(bundle), 0);
  const laneHeight = ({ isHidden, marks }: Lane) =>
    isHidden ? HIDDEN_HEIGHT : Math.max(stack(marks[0]), stack(marks[1]));
  const isThin = lanes.every((lane) => laneHeight(lane) <= pitch);
  const bare = lanes.reduce((sum, lane) => sum + laneHeight(lane), 0);
  const least = bare + (lanes.length - 1) * (isThin ? 1 : LANE_GAP);
  const height = Math.max(least, stack(mixed));
  // Lanes beside a taller column are spread over its height.
  const laneGap = lanes.length === 1 || !isThin ? LANE_GAP : (height - bare) / (lanes.length - 1);
  const lanesHeight = bare + (lanes.length - 1) * laneGap;

  const columns = columnsOf(connectivity);
  const place = (
    bundles: readonly Bundle[],
    column: number,
    group: number | undefined,
    top: number,
    room: number,
  ) =>
    bundles.map((bundle, index): Mark => {
      const isNode = bundle.first === bundle.last;
      return {
        bundle,
        column,
        group,
        x: columns.middles[column],
        y: top + ((index + 0.5) * room) / bundles.length,
        halfWidth: isNode ? radius : bundleWidth(bundle) / 2,
        halfHeight: isNode ? radius : BUNDLE_HEIGHT / 2,
      };
    });
  const marks: Mark[] = [];
  const gaps: Gap[] = [];
  let top = (height - lanesHeight) / 2;
  for (const lane of lanes) {
    const room = laneHeight(lane);
    if (lane.isHidden) gaps.push({ lane, y: top + room / 2 });
    lane.marks.forEach((bundles, column) =>
      marks.push(...place(bundles, column, lane.groups.first, top, room)),
    );
    top += room + laneGap;
  }
  marks.push(...place(mixed, 2, undefined, 0, height));
  return { width: columns.width, height, columns: columns.middles, marks, gaps };
}

/** The columns are as far apart as what is written between and above them needs. */
function columnsOf({ channels, lanes, mixed, links }: Connectivity): { middles: number[]; width: number } {
  const bundles = [
    [...lanes.flatMap(({ marks }) => marks[0])],
    [...lanes.flatMap(({ marks }) => marks[1])],
    mixed,
  ];
  const halves = channels.map(
    (count, column) =>
      Math.max(
        textWidth(counted(count, 'channel'), 'small'),
        ...bundles[column].map((bundle) => (bundle.first === bundle.last ? 0 : bundleWidth(bundle))),
      ) / 2,
  );
  const middles = [halves[0]];
  for (let step = 0; step < channels.length - 1; step++) {
    const bands = links.filter((link) => link.step === step && sizeOf(link.to) > 1);
    const texts = [
      ...bands.map(({ from, to }) => bandText(from, to)),
      ...(step === 0 ? lanes.filter(({ isHidden }) => isHidden).map(gapText) : []),
    ];
    // The dots on both sides of a gap's text stand in the columns.
    const between = texts.length === 0 ? 0 : widest(texts, 'small') + 20;
    const reach = Math.max(LEAST_REACH, halves[step] + halves[step + 1] + Math.max(16, between));
    middles.push(middles[step] + reach);
  }
  return { middles, width: (middles.at(-1) as number) + (halves.at(-1) as number) };
}

function bundleWidth(bundle: Bundle): number {
  const [count, range] = bundleLines(bundle);
  return Math.max(textWidth(count, 'strong'), textWidth(range, 'small')) + 20;
}
