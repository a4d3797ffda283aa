import { check } from '../../src/errors';
import { type OwnOptions } from '../family';

/** A network whose 3x3 convolutions have so many channels in the first stage, and twice as many a stage further. */
interface GroupedWidth {
  readonly groups?: number;
  readonly width: number;
}

/** The options of a network of bottlenecks: its cardinality, and the channels inside the blocks of its first stage. */
export const GROUPS_AND_WIDTH: OwnOptions<GroupedWidth> = {
  names: ['groups', 'width'],
  check({ groups = 1, width }, chosen) {
    // Where the first stage's channels divide, those of the others do: they are multiples of them.
    if (width % groups === 0) return;
    if (chosen.width === undefined) {
      const expectation = `a divisor of the ${width} channels inside the first stage's blocks (${nearestDivisors(groups, width)})`;
      check(false, 'groups', expectation, groups);
    }
    const above = Math.ceil(width / groups) * groups;
    const nearest = above === groups ? `${above}` : `${above - groups} or ${above}`;
    check(false, 'width', `a multiple of the ${groups} groups (${nearest})`, width);
  },
};

/** The next below, which may be 1, and the next above, which may be `width`. */
function nearestDivisors(groups: number, width: number): string {
  const divisors = Array.from({ length: width }, (_, index) => index + 1).filter((n) => width % n === 0);
  const below = divisors.filter((n) => n < groups).at(-1);
  const above = divisors.find((n) => n > groups);
  return [below, above].filter((n) => n !== undefined).join(' or ');
}
