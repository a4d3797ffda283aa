import { STRATEGIES } from '../../../src/ops/strategies';
import { type Programs, strategy } from '../contestants';
import type { Effort, Item, Plan } from '../plan';
import type { ConvolutionShape } from '../protocol';
import { convolutionFlops, shapeTitle } from './convolution-facts';

const SHAPES: readonly ConvolutionShape[] = [
  { batch: 8, size: 32, in: 64, out: 64, groups: 8 },
  { batch: 8, size: 16, in: 128, out: 128, groups: 32 },
  { batch: 8, size: 8, in: 256, out: 256, groups: 32 },
  { batch: 1, size: 56, in: 128, out: 128, groups: 32 },
  { batch: 8, size: 16, in: 64, out: 64, groups: 2 },
  { batch: 8, size: 16, in: 128, out: 128, groups: 128 },
];
/** Plain JavaScript takes seconds for the others. */
const SMALL_SHAPES: readonly ConvolutionShape[] = [
  { batch: 1, size: 16, in: 32, out: 32, groups: 2 },
  { batch: 1, size: 16, in: 32, out: 32, groups: 8 },
  { batch: 1, size: 16, in: 64, out: 64, groups: 64 },
];
/** Strategies that are kernels of libtensorflow's, and on no other backend. */
const ON_TENSORFLOW_ALONE: readonly string[] = ['direct', 'winograd', 'native'];
const PASSES = ['forward', 'backpropInput', 'backpropFilter'] as const;

/**
 * Every strategy on every backend, pass by pass: what the order of preference of `implementation: 'auto'` rests on
 * (`src/ops/strategies/preference.ts`).
 */
export function strategiesPlan(programs: Programs, effort: Effort): Plan {
  return {
    name: 'strategies',
    title: 'Strategies of grouped convolution',
    effort,
    groups: (['tensorflow', 'wasm', 'cpu'] as const).map((backend) => ({
      parties: [
        STRATEGIES.filter(({ name }) => backend === 'tensorflow' || !ON_TENSORFLOW_ALONE.includes(name)).map(
          ({ name }) => strategy(programs, backend, name),
        ),
      ],
      items: (backend === 'cpu' ? SMALL_SHAPES : SHAPES).flatMap((shape) =>
        PASSES.map((pass): Item => ({
          title: `${backend} ${shapeTitle(shape)} ${pass}`,
          work: { kind: 'convolution', shape, pass },
          flops: convolutionFlops(shape),
          images: shape.batch,
        })),
      ),
    })),
  };
}
