import fc from 'fast-check';
import { imageWriter, placer, type Augmentation, type Placement } from '../../src/data/augmentation';
import type { ImageDataset } from '../../src/data/image-dataset';
import { madeDataset } from './made-data';

type Shape = readonly [number, number, number];

const SHAPE: Shape = [5, 7, 3];

function written(dataset: ImageDataset, augmentation: Augmentation, index = 1, epoch = 2): Float32Array {
  const size = dataset.imageShape.reduce((product, side) => product * side, 1);
  const target = new Float32Array(size + 4).fill(99);
  imageWriter(dataset, augmentation, 7, epoch)(index, target, 2);
  // What stands before and after is another image's.
  expect([target[0], target[1], target[size + 2], target[size + 3]]).toEqual([99, 99, 99, 99]);
  return target.subarray(2, size + 2);
}

/** Step by step on arrays of pixels: pad, crop, mirror, normalise, cut. */
function reference(
  dataset: ImageDataset,
  { padCrop = 0, padMode = 'constant', cutout = 0 }: Augmentation,
  p: Placement,
  index: number,
) {
  const [height, width, channels] = dataset.imageShape;
  const pixel = (y: number, x: number) => {
    const at = ((index * height + y) * width + x) * channels;
    return [...dataset.images.slice(at, at + channels)];
  };
  const black = new Array<number>(channels).fill(0);
  const padded = Array.from({ length: height + 2 * padCrop }, (_, y) =>
    Array.from({ length: width + 2 * padCrop }, (_, x) => {
      if (padMode === 'reflect') return pixel(mirror(y - padCrop, height), mirror(x - padCrop, width));
      const inside = y >= padCrop && x >= padCrop && y < padCrop + height && x < padCrop + width;
      return inside ? pixel(y - padCrop, x - padCrop) : black;
    }),
  );
  const [top, left] = [p.top + padCrop, p.left + padCrop];
  const cropped = padded.slice(top, top + height).map((row) => row.slice(left, left + width));
  const mirrored = p.flipped ? cropped.map((row) => row.slice().reverse()) : cropped;
  return mirrored.flatMap((row, y) =>
    row.flatMap((values, x) => {
      const cut = y >= p.cutTop && y < p.cutTop + cutout && x >= p.cutLeft && x < p.cutLeft + cutout;
      return values.map((v, c) => (cut ? 0 : Math.fround((v / 255 - dataset.mean[c]) / dataset.std[c])));
    }),
  );
}

/** Where position `i` of an endless fence of mirrored copies (0 1 2 3 2 1 0 1 …) is within the first. */
function mirror(i: number, length: number): number {
  const period = 2 * length - 2;
  const at = ((i % period) + period) % period;
  return at < length ? at : period - at;
}

describe('imageWriter', () => {
  it('normalises channel by channel, and leaves an image alone without augmentation', () => {
    const dataset = madeDataset([0, 1], SHAPE);
    const values = written(dataset, {});
    const size = 5 * 7 * 3;
    values.forEach((value, i) => {
      const scaled = dataset.images[size + i] / 255;
      expect(value).toBeCloseTo((scaled - [0.5, 0.25, 0.125][i % 3]) / [0.25, 0.5, 0.2][i % 3], 5);
    });
  });

  it.each<[string, Shape]>([
    ['three channels', [5, 7, 3]],
    ['one channel', [6, 4, 1]],
  ])('crops, mirrors and cuts as a step-by-step reference does, with %s', (_, shape) => {
    const dataset = madeDataset([0, 1, 0], shape);
    fc.assert(
      fc.property(
        fc.record({
          padCrop: fc.integer({ min: 0, max: 3 }),
          padMode: fc.constantFrom('constant' as const, 'reflect' as const),
          flip: fc.constantFrom(true, false, 'alternating' as const),
          cutout: fc.integer({ min: 0, max: 9 }),
        }),
        fc.nat({ max: 2 }),
        fc.nat(),
        (augmentation, index, epoch) => {
          const placement = placer(shape, augmentation, 7, epoch)(index);
          expect([...written(dataset, augmentation, index, epoch)]).toEqual(
            reference(dataset, augmentation, placement, index),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('mirrors an image into one that mirrors back', () => {
    const dataset = madeDataset([0, 1], SHAPE);
    const epochs = Array.from({ length: 20 }, (_, epoch) => epoch);
    const flipped = epochs.find((epoch) => placer(SHAPE, { flip: true }, 7, epoch)(1).flipped)!;
    const mirrored = written(dataset, { flip: true }, 1, flipped);
    const back = Array.from({ length: 5 }, (_, y) =>
      Array.from({ length: 7 }, (_, x) => [...mirrored.slice((y * 7 + 6 - x) * 3, (y * 7 + 7 - x) * 3)]),
    ).flat(2);
    expect(back).toEqual([...written(dataset, {})]);
    expect([...mirrored]).not.toEqual(back);
  });

  it('cuts a square to the mean colour and nothing else', () => {
    const dataset = { ...madeDataset([0, 1], SHAPE), mean: [0.9971, 0.9971, 0.9971] };
    for (let epoch = 0; epoch < 50; epoch++) {
      const { cutTop, cutLeft } = placer(SHAPE, { cutout: 3 }, 7, epoch)(1);
      const rows = Math.min(5, cutTop + 3) - Math.max(0, cutTop);
      const columns = Math.min(7, cutLeft + 3) - Math.max(0, cutLeft);
      const zeros = written(dataset, { cutout: 3 }, 1, epoch).filter((value) => value === 0);
      expect(zeros).toHaveLength(rows * columns * 3);
      expect(rows * columns).toBeGreaterThanOrEqual(4);
    }
  });
});

describe('placer', () => {
  const all: Augmentation = { padCrop: 2, flip: true, cutout: 2 };

  it('reaches every offset, both sides of the mirror and every centre of the cut, and no others', () => {
    const seen = {
      top: new Set(),
      left: new Set(),
      flipped: new Set(),
      cutTop: new Set(),
      cutLeft: new Set(),
    };
    const place = placer(SHAPE, all, 1, 0);
    for (let index = 0; index < 500; index++) {
      const placement = place(index);
      for (const key of Object.keys(seen) as (keyof Placement)[]) seen[key].add(placement[key]);
    }
    const sorted = (values: Set<unknown>) => [...values].sort((a, b) => Number(a) - Number(b));
    expect(sorted(seen.top)).toEqual([-2, -1, 0, 1, 2]);
    expect(sorted(seen.left)).toEqual([-2, -1, 0, 1, 2]);
    expect(sorted(seen.flipped)).toEqual([false, true]);
    expect(sorted(seen.cutTop)).toEqual([-1, 0, 1, 2, 3]);
    expect(sorted(seen.cutLeft)).toEqual([-1, 0, 1, 2, 3, 4, 5]);
  });

  it('mirrors one half of the images in even epochs and the other half in odd ones, if it alternates', () => {
    const flips = [0, 1, 2, 3].map((epoch) => {
      const place = placer([32, 32, 3], { padCrop: 4, flip: 'alternating' }, 3, epoch);
      return Array.from({ length: 400 }, (_, index) => place(index).flipped);
    });
    expect(flips[2]).toEqual(flips[0]);
    expect(flips[3]).toEqual(flips[1]);
    expect(flips[1]).toEqual(flips[0].map((flipped) => !flipped));
    const share = flips[0].filter(Boolean).length / 400;
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.6);
  });

  it('places an image by seed, epoch and index, whatever was placed before it', () => {
    const at = (seed: number, epoch: number, indices: number[]) => {
      const place = placer([32, 32, 3], { padCrop: 16, flip: true, cutout: 8 }, seed, epoch);
      return { ...indices.map((index) => ({ ...place(index) })).at(-1) };
    };
    expect(at(1, 2, [3])).toEqual(at(1, 2, [9, 4, 3]));
    expect(at(1, 2, [3])).not.toEqual(at(2, 2, [3]));
    expect(at(1, 2, [3])).not.toEqual(at(1, 3, [3]));
    expect(at(1, 2, [3])).not.toEqual(at(1, 2, [4]));
  });
});
