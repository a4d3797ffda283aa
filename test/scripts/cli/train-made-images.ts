import type { ImageDataset } from '../../../src/data/image-dataset';
import { seededRandom } from '../../../src/data/random';

/** Images in CIFAR-10's format whose class shows in their brightness, for runs without a download. */
export function madeImages(count: number, seed: number): ImageDataset {
  const random = seededRandom(seed);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  const size = 32 * 32 * 3;
  const images = Uint8Array.from(
    { length: count * size },
    (_, j) => 20 * labels[Math.floor(j / size)] + random.below(50),
  );
  return {
    name: `made/${seed}`,
    images,
    labels,
    count,
    imageShape: [32, 32, 3],
    classNames: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'],
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
  };
}
