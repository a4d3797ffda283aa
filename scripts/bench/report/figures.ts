import type { Result, ResultItem } from '../results';
import { quantile } from '../statistics';

/** A figure that a result is to show, and what it shows. */
export interface Figure {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly met: boolean;
}

/** What is wanted of a ratio (how many times as fast ours is) over the items of a case. */
interface Wanted {
  readonly case: string;
  readonly contestant: string;
  readonly what: string;
  readonly of?: (item: ResultItem) => boolean;
  readonly median?: number;
  readonly least?: number;
}

const isDesignShape = ({ work }: ResultItem): boolean => {
  const shape = work.shape as { in: number; groups: number };
  return shape.groups < shape.in;
};
const isBackward = ({ work }: ResultItem): boolean => work.pass === 'forward+backward';
const isResnext = ({ work }: ResultItem): boolean => String(work.model).startsWith('resnext');

/** Not the toy, which is measured beside the models that a figure is wanted for: half its time is the call itself. */
const isLarger = ({ work }: ResultItem): boolean => work.model !== 'resnext_toy';

const WANTED: readonly Wanted[] = [
  { case: 'training', contestant: 'pytorch', what: 'images/s against PyTorch', median: 1, least: 0.85 },
  {
    case: 'training',
    contestant: 'pytorch-malloc',
    what: 'images/s against PyTorch, allocator set',
    median: 0.9,
  },
  { case: 'training', contestant: 'stock', what: 'images/s against stock tfjs-node', least: 3.5 },
  {
    case: 'training',
    contestant: 'keras',
    what: 'images/s against Keras, ResNeXts',
    of: isResnext,
    least: 10,
  },
  {
    case: 'ops',
    contestant: 'pytorch',
    what: 'native forward + backward against PyTorch',
    of: (item) => isDesignShape(item) && isBackward(item),
    least: 0.9,
  },
  {
    case: 'ops',
    contestant: 'stock',
    what: 'native forward + backward against split-concat',
    of: (item) => isDesignShape(item) && isBackward(item),
    median: 2,
    least: 1.3,
  },
  {
    case: 'inference',
    contestant: 'onnxruntime-node',
    what: 'auto against onnxruntime-node',
    of: isLarger,
    least: 0.95,
  },
];

/** Of two contestants that are not the one that every ratio is relative to: `of` against `to`, item by item. */
interface Pair extends Pick<Wanted, 'case' | 'what' | 'least'> {
  readonly of: string;
  readonly to: string;
  readonly where: (item: ResultItem) => boolean;
}

const atBatch =
  (batch: number) =>
  (item: ResultItem): boolean =>
    isLarger(item) && item.work.batch === batch;
const TENSORFLOW = { case: 'inference', of: 'tensorflow', to: 'onnxruntime-node' };
const PAIRS: readonly Pair[] = [
  {
    case: 'ops',
    of: 'compiled',
    to: 'pytorch',
    what: 'the same as `train` runs it, in a compiled step, against PyTorch',
    where: (item) => isDesignShape(item) && isBackward(item),
    least: 0.9,
  },
  {
    ...TENSORFLOW,
    what: 'engine tensorflow against onnxruntime-node, batch 1',
    where: atBatch(1),
    least: 0.6,
  },
  {
    ...TENSORFLOW,
    what: 'engine tensorflow against onnxruntime-node, batch 64',
    where: atBatch(64),
    least: 0.8,
  },
  {
    ...TENSORFLOW,
    to: 'predict',
    what: 'engine tensorflow against model.predict, batch 1',
    where: atBatch(1),
    least: 1.4,
  },
];
const MOST_MEMORY = 1.25;

/** The figures that a case is to show, as far as it had the contestants for them. */
export function figuresOf(result: Result): Figure[] {
  const ratios = WANTED.filter((wanted) => wanted.case === result.case).flatMap((wanted) => {
    const found = result.items
      .filter(wanted.of ?? (() => true))
      .flatMap(({ entries }) => entries.filter(({ contestant }) => contestant === wanted.contestant))
      .flatMap(({ oursIsFaster }) => (oursIsFaster === null ? [] : [oursIsFaster.median]));
    return found.length === 0 ? [] : [ratioFigure(wanted, found)];
  });
  return [...ratios, ...pairFigures(result), ...memoryFigure(result)];
}

function ratioFigure(
  { what, median, least }: Pick<Wanted, 'what' | 'median' | 'least'>,
  ratios: readonly number[],
): Figure {
  const [middle, lowest] = [quantile(ratios, 0.5), Math.min(...ratios)];
  const parts = [
    median === undefined ? [] : [`at least ${median} times in the median`],
    least === undefined ? [] : [`nowhere under ${least}`],
  ];
  return {
    what,
    wanted: parts.flat().join(', '),
    measured: `${middle.toFixed(2)} times in the median, ${lowest.toFixed(2)} at least`,
    met: middle >= (median ?? 0) && lowest >= (least ?? 0),
  };
}

function pairFigures(result: Result): Figure[] {
  return PAIRS.filter((pair) => pair.case === result.case).flatMap(({ what, of, to, where, least }) => {
    const ratios = result.items.filter(where).flatMap(({ entries }) => {
      const median = (name: string) =>
        entries.find(({ contestant }) => contestant === name)?.milliseconds.median;
      const [ours, theirs] = [median(of), median(to)];
      return ours === undefined || theirs === undefined ? [] : [theirs / ours];
    });
    return ratios.length === 0 ? [] : [ratioFigure({ what, least }, ratios)];
  });
}

function memoryFigure(result: Result): Figure[] {
  if (result.case !== 'training') return [];
  const shares = result.items.flatMap(({ entries }) => {
    const bytes = (name: string) => entries.find(({ contestant }) => contestant === name)?.peakResidentBytes;
    const [ours, theirs] = [bytes('cardinal'), bytes('pytorch')];
    return ours == null || theirs == null ? [] : [ours / theirs];
  });
  if (shares.length === 0) return [];
  const most = Math.max(...shares);
  return [
    {
      what: 'peak resident memory against PyTorch',
      wanted: `nowhere over ${MOST_MEMORY} times`,
      measured: `${most.toFixed(2)} times at most`,
      met: most <= MOST_MEMORY,
    },
  ];
}
