import { isModelName, modelInfo } from '../../models/catalogue';
import { seededRandom } from '../../src/data/random';
import type { TensorToStore } from '../../src/safetensors/serialise';
import type { Work } from './protocol';

const CLASSES = 10;
const IMAGE = [32, 32, 3];

/** What all contestants get to compute a work from: the same noise every time. */
export function inputsOf(work: Work): Map<string, TensorToStore> {
  switch (work.kind) {
    case 'matmul':
      return new Map();
    case 'convolution': {
      const { batch, size, in: channels, out, groups, kernel = 3, stride = 1 } = work.shape;
      const outSize = Math.floor((size - 1) / stride) + 1;
      return new Map([
        ['x', noise([batch, size, size, channels], 1)],
        ['filter', noise([kernel, kernel, channels / groups, out], 2)],
        ['dy', noise([batch, outSize, outSize, out], 3)],
      ]);
    }
    case 'training':
    case 'inference': {
      const random = seededRandom(5);
      const labels = Int32Array.from({ length: work.batch }, () => random.below(CLASSES));
      return new Map<string, TensorToStore>([
        ['images', noise([work.batch, ...imageOf(work.model)], 4)],
        ['labels', { shape: [work.batch], data: labels }],
      ]);
    }
  }
}

/** `[height, width, channels]` */
function imageOf(model: string): readonly number[] {
  return isModelName(model) ? modelInfo(model).inputShape : IMAGE;
}

function noise(shape: number[], seed: number): TensorToStore {
  const random = seededRandom(seed);
  const length = shape.reduce((product, n) => product * n, 1);
  return { shape, data: Float32Array.from({ length }, () => random.below(2 ** 20) / 2 ** 19 - 1) };
}
