import { seededRandom, type SeededRandom } from '../../src/data/random';
import { convSpec, filterShape, inputShape, type ConvOptions, type ConvSpec } from '../../src/ops/conv-spec';

type Shape4D = [number, number, number, number];

/** One grouped convolution, as a caller would ask for it. */
export interface Geometry {
  readonly x: Shape4D;
  readonly filter: Shape4D;
  readonly options: ConvOptions;
}

/**
 * Grouped and depthwise convolutions drawn at random, the same for the same seed: no images to 3, images from one pixel
 * on, also smaller than the filter, filters and strides of each axis by themselves, dilations, and every form of padding.
 *
 * One in twenty has as many channels as the kernels want that take several at once.
 *
 * @param from the number of the first: 50 from 100 on are the third fifty of the seed's
 */
export function randomGeometries(count: number, seed: number, from = 0): Geometry[] {
  return Array.from({ length: count }, (_, index) => randomGeometry(seededRandom(seed, from + index)));
}

/** A short text that names a geometry in a test's title or message. */
export function geometryName({ x, filter, options }: Geometry): string {
  return `x [${x}], filter [${filter}], ${JSON.stringify(options)}`;
}

/** The geometry's {@link ConvSpec}. */
export function specOf({ x, filter, options }: Geometry): ConvSpec {
  return convSpec(x, filter, options);
}

function randomGeometry(random: SeededRandom): Geometry {
  for (;;) {
    const drawn = random.below(20) === 0 ? manyChannels(random) : fewChannels(random);
    if (fits(drawn)) return drawn;
  }
}

function fewChannels(random: SeededRandom): Geometry {
  const isDepthwise = random.below(3) === 0;
  const groups = isDepthwise ? 1 + random.below(6) : 1 + random.below(4);
  const depth = isDepthwise ? 1 : 1 + random.below(4);
  const outChannels = groups * (1 + random.below(3));
  const filter = [1 + random.below(5), 1 + random.below(5)];
  const dilations = random.below(3) === 0 ? [1 + random.below(3), 1 + random.below(3)] : [1, 1];
  return {
    x: [batch(random), 1 + random.below(12), 1 + random.below(12), groups * depth],
    filter: [filter[0], filter[1], depth, outChannels],
    options: {
      groups,
      strides: [1 + random.below(4), 1 + random.below(4)],
      dilations: dilations as [number, number],
      padding: randomPadding(random),
    },
  };
}

/** 3x3 and larger squares over 16 or 32 channels, strides 1 and 2. */
function manyChannels(random: SeededRandom): Geometry {
  const channels = pick(random, [16, 32]);
  const depth = pick(random, [1, 1, 4, 8, 16, channels]);
  const size = depth === 1 ? pick(random, [3, 5, 7]) : 3;
  const stride = 1 + random.below(2);
  return {
    x: [batch(random), 1 + random.below(9), 1 + random.below(9), channels],
    filter: [size, size, depth, channels],
    options: { groups: channels / depth, strides: stride, padding: randomPadding(random) },
  };
}

/** No image is rarer than some. */
function batch(random: SeededRandom): number {
  return random.below(8) === 0 ? 0 : 1 + random.below(3);
}

function randomPadding(random: SeededRandom): ConvOptions['padding'] {
  const zeros = () => random.below(4);
  switch (random.below(6)) {
    case 0:
    case 1:
      return 'same';
    case 2:
      return 'valid';
    case 3:
      return zeros();
    case 4:
      return [zeros(), zeros()];
    default:
      return [[zeros(), zeros()], [zeros(), zeros()]]; // prettier-ignore
  }
}

function pick<T>(random: SeededRandom, choices: readonly T[]): T {
  return choices[random.below(choices.length)];
}

function fits({ x, filter, options }: Geometry): boolean {
  try {
    const spec = convSpec(x, filter, options);
    return inputShape(spec).join() === x.join() && filterShape(spec).join() === filter.join();
  } catch {
    return false; // a filter larger than the padded image
  }
}
