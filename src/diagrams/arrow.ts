import { type SvgElement, element, rounded } from './svg';
import { groupClass } from './theme';

/** A place in a picture, in pixels from its top left. */
export type Point = readonly [x: number, y: number];

const LENGTH = 7;
const HALF_WIDTH = 3.5;

/**
 * A line through points, with an arrow head at the last.
 *
 * @param color a group's, or that of what belongs to none
 * @param curve `true` where the points, up to the head's base, are the ends and control points of Bézier curves
 */
export function arrow(points: readonly Point[], color: number | 'plain', curve = false): SvgElement {
  const tip = points[points.length - 1];
  const before = points[points.length - 2];
  const length = Math.hypot(tip[0] - before[0], tip[1] - before[1]) || 1;
  const [alongX, alongY] = [(tip[0] - before[0]) / length, (tip[1] - before[1]) / length];
  const base: Point = curve ? before : [tip[0] - alongX * LENGTH, tip[1] - alongY * LENGTH];
  const way = [...points.slice(0, curve ? -2 : -1), base].map(written);
  const head = [
    tip,
    [base[0] - alongY * HALF_WIDTH, base[1] + alongX * HALF_WIDTH] as const,
    [base[0] + alongY * HALF_WIDTH, base[1] - alongX * HALF_WIDTH] as const,
  ].map(written);
  return element(
    'g',
    { class: 'arrow' },
    element('path', {
      class: `edge ${color === 'plain' ? color : groupClass('line', color)}`,
      d: `M${way[0]}${curve ? 'C' : 'L'}${way.slice(1).join(curve ? ' ' : 'L')}`,
    }),
    element('path', {
      class: color === 'plain' ? 'plain-fill' : groupClass('fill', color),
      d: `M${head.join('L')}Z`,
    }),
  );
}

function written([x, y]: Point): string {
  return `${rounded(x)} ${rounded(y)}`;
}
