import { constant } from './constants';
import { broadcast, replaced, sizeOf, TYPES, type Draft, type Drawn } from './draft';
import { fitting, type Draw } from './draws';

const number = (draft: Draft, value: number): string => draft.tensor(draft.one([[], [1]]), [value]);

/** Either order of what may change places. */
const either = (draft: Draft, a: string, b: string): string[] => (draft.chance(0.5) ? [a, b] : [b, a]);

/** A number as the pattern has it, or seldom another, with which it must not be taken for the pattern. */
const nearly = (draft: Draft, value: number): string =>
  number(draft, draft.chance(0.2) ? value * draft.one([0.8, 1.25]) : value);

const isFloat = ({ type }: Drawn): boolean => type === 'float';

/** What exporters write in several operators, right and with one of its numbers changed. */
export const PATTERN_DRAWS: Readonly<Record<string, Draw>> = {
  'GELU by erf': (draft, x) => {
    if (!isFloat(x)) return undefined;
    const [scaled] = draft.chance(0.5)
      ? draft.node('Mul', [x.name, nearly(draft, Math.SQRT1_2)])
      : draft.node('Div', [x.name, nearly(draft, Math.SQRT2)]);
    const gate = draft.node('Add', either(draft, draft.node('Erf', [scaled])[0], nearly(draft, 1)))[0];
    const half = nearly(draft, 0.5);
    const [name] = draft.chance(0.5)
      ? draft.node('Mul', either(draft, draft.node('Mul', either(draft, x.name, gate))[0], half))
      : draft.node('Mul', either(draft, draft.node('Mul', either(draft, x.name, half))[0], gate));
    return { ...x, name, isExact: false };
  },
  'GELU by tanh': (draft, x) => {
    if (!isFloat(x)) return undefined;
    const cube = draft.chance(0.5)
      ? draft.node('Mul', either(draft, x.name, draft.node('Mul', [x.name, x.name])[0]))[0]
      : draft.node('Pow', [x.name, number(draft, 3)])[0];
    const term = draft.node('Mul', either(draft, cube, nearly(draft, 0.044715)))[0];
    const sum = draft.node('Add', either(draft, x.name, term))[0];
    const tanh = draft.node(
      'Tanh',
      draft.node('Mul', either(draft, sum, nearly(draft, Math.sqrt(2 / Math.PI)))),
    )[0];
    const gate = draft.node('Add', either(draft, tanh, number(draft, 1)))[0];
    const half = draft.node('Mul', either(draft, x.name, nearly(draft, 0.5)))[0];
    return { ...x, name: draft.node('Mul', either(draft, half, gate))[0], isExact: false };
  },
  'hard swish': (draft, x) => {
    if (!isFloat(x)) return undefined;
    const sum = draft.node('Add', either(draft, x.name, nearly(draft, 3)))[0];
    const bounds = [0, draft.chance(0.2) ? 5 : 6].map((value) => draft.tensor([], [value]));
    const clipped = draft.node('Clip', [sum, ...bounds])[0];
    const op = draft.one(['Div', 'Mul'] as const);
    const sixth = nearly(draft, op === 'Div' ? 6 : 1 / 6);
    const style = draft.whole(0, 2);
    const [name] =
      style === 0
        ? draft.node(op, [draft.node('Mul', either(draft, x.name, clipped))[0], sixth])
        : style === 1
          ? draft.node('Mul', either(draft, x.name, draft.node(op, [clipped, sixth])[0]))
          : draft.node(op, [clipped, sixth]);
    return { ...x, name, isExact: false };
  },
  SiLU: (draft, x, others) => {
    if (!isFloat(x)) return undefined;
    const gate = draft.node('Sigmoid', [x.name])[0];
    const other = draft.chance(0.2) ? others.find(({ dims }) => dims.join() === x.dims.join()) : undefined;
    return { ...x, name: draft.node('Mul', either(draft, (other ?? x).name, gate))[0], isExact: false };
  },
  'squeeze and excitation': (draft, x) => {
    if (!isFloat(x) || x.dims.length !== 4) return undefined;
    const [batch, channels] = x.dims;
    const pooled = draft.node('GlobalAveragePool', [x.name])[0];
    const gate = draft.node(draft.one(['Sigmoid', 'HardSigmoid']), [
      draft.node('Conv', [pooled, constant(draft, [channels, channels, 1, 1])])[0],
    ])[0];
    const isFlat = draft.chance(0.2);
    const lengths = isFlat ? draft.node('Reshape', [gate, draft.integers([batch, channels, 1, 1])])[0] : gate;
    return { ...x, name: draft.node('Mul', either(draft, x.name, lengths))[0], isExact: false };
  },
  'scale and shift': (draft, x) => {
    if (!isFloat(x)) return undefined;
    const [scale, shift] = [fitting(draft, x.dims), fitting(draft, x.dims)];
    const swapped = draft.chance(0.2);
    const middle = broadcast(x.dims, scale);
    const dims = middle && broadcast(middle, shift);
    if (dims === undefined) return undefined;
    const first = draft.node('Mul', either(draft, x.name, constant(draft, scale)))[0];
    const [name] = draft.node(
      swapped ? 'Sub' : 'Add',
      swapped ? [first, constant(draft, shift)] : either(draft, first, constant(draft, shift)),
    );
    return { name, dims, type: 'float', isExact: false };
  },
  'layer norm in pieces': (draft, x) => {
    if (!isFloat(x) || x.dims.at(-1) === 1) return undefined;
    const rank = x.dims.length;
    const axis = draft.chance(0.8) ? rank - 1 : draft.whole(1, rank - 1);
    if (x.dims[axis] === 1) return undefined;
    const mean = (of: string) =>
      draft.opset >= 18
        ? draft.node('ReduceMean', [of, draft.integers([draft.one([axis, axis - rank])])])[0]
        : draft.node('ReduceMean', [of], { axes: [draft.one([axis, axis - rank])] })[0];
    const centred = draft.node('Sub', [x.name, mean(x.name)])[0];
    const square = draft.chance(0.7)
      ? draft.node('Pow', [centred, nearly(draft, 2)])[0]
      : draft.node('Mul', [centred, centred])[0];
    const shifted = draft.node('Add', either(draft, mean(square), number(draft, 1e-3)))[0];
    const divided = draft.node('Div', [centred, draft.node('Sqrt', [shifted])[0]])[0];
    const lengths = draft.chance(0.8) ? [x.dims[rank - 1]] : fitting(draft, x.dims);
    const dims = broadcast(x.dims, lengths);
    if (dims === undefined) return undefined;
    const scaled = draft.node('Mul', either(draft, divided, constant(draft, lengths)))[0];
    return {
      name: draft.node('Add', either(draft, scaled, constant(draft, lengths)))[0],
      dims,
      type: 'float',
      isExact: false,
    };
  },
  'parts of a sequence': (draft, x) => {
    const rank = x.dims.length;
    if (rank < 2) return undefined;
    const axis = draft.whole(1, rank - 1);
    const length = x.dims[axis];
    if (length < 2) return undefined;
    const isEven = draft.chance(0.5);
    const first = draft.whole(1, length - 1);
    const split = isEven ? draft.tensor([], [first], 'int64') : draft.integers([first, length - first]);
    const keepdims = draft.chance(0.1) ? 1 : undefined;
    const sequence = draft.node('SplitToSequence', [x.name, split], {
      axis: draft.signed(axis, rank),
      keepdims,
    })[0];
    const parts = isEven ? Math.ceil(length / first) : 2;
    const at = draft.whole(0, parts - 1);
    const part = draft.node('SequenceAt', [
      sequence,
      draft.tensor([], [draft.chance(0.1) ? at - parts : at], 'int64'),
    ])[0];
    const size = isEven ? Math.min(first, length - at * first) : [first, length - first][at];
    return { ...x, name: part, dims: replaced(x.dims, axis, size) };
  },
  'channel shuffle': (draft, x) => {
    if (x.dims.length !== 4) return undefined;
    const [batch, channels, height, width] = x.dims;
    const groups = draft.one([2, 3, 4].filter((count) => channels % count === 0));
    if (groups === undefined) return undefined;
    const split = draft.node('Reshape', [
      x.name,
      draft.integers([draft.one([0, -1]), groups, channels / groups, height, width]),
    ])[0];
    const turned = draft.node('Transpose', [split], {
      perm: draft.chance(0.85) ? [0, 2, 1, 3, 4] : [0, 2, 1, 4, 3],
    })[0];
    const [name] = draft.node('Reshape', [turned, draft.integers([0, -1, height, width])]);
    return { ...x, name, dims: [batch, channels, height, width] };
  },
  attention: (draft, x) => {
    if (!isFloat(x) || x.dims.length !== 3) return undefined;
    const [batch, tokens, width] = x.dims;
    if (width % 2 !== 0) return undefined;
    const heads = (matrix: string): string => {
      const split = draft.node('Reshape', [matrix, draft.integers([0, tokens, 2, width / 2])])[0];
      return draft.node('Transpose', [split], { perm: [0, 2, 1, 3] })[0];
    };
    const project = () => heads(draft.node('MatMul', [x.name, constant(draft, [width, width])])[0]);
    const [query, key, value] = [project(), project(), project()];
    const turned = draft.node('Transpose', [key], { perm: [0, 1, 3, 2] })[0];
    const weights = draft.node('Softmax', [draft.node('MatMul', [query, turned])[0]], { axis: -1 })[0];
    const mixed = draft.node('Transpose', draft.node('MatMul', [weights, value]), { perm: [0, 2, 1, 3] })[0];
    const [name] = draft.node('Reshape', [mixed, draft.integers([0, -1, width])]);
    return { name, dims: [batch, tokens, width], type: 'float', isExact: false };
  },
  'pixels between 0 and 255': (draft, x) => {
    if (!isFloat(x) || x.dims.length !== 4) return undefined;
    const style = draft.one([
      [1, 1, 1, 0],
      [0, 1, 1, 1],
    ]);
    const lengths = x.dims.map((length, axis) => (style[axis] === 1 ? 1 : axis === 0 ? 1 : length));
    const scaled = draft.node('Div', [x.name, number(draft, 255)])[0];
    const centred = draft.node('Sub', [scaled, draft.tensor(lengths, draft.weights(lengths))])[0];
    return {
      ...x,
      name: draft.node('Div', [centred, draft.tensor(lengths, draft.weights(lengths))])[0],
      isExact: false,
    };
  },
  upsampling: (draft, x) => {
    if (!isFloat(x) || x.dims.length !== 4) return undefined;
    const [batch, channels, height, width] = x.dims;
    const scales = draft.tensor([4], [1, 1, 2, 2]);
    const [name] = draft.node('Resize', [x.name, undefined, scales], {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    });
    return { ...x, name, dims: [batch, channels, 2 * height, 2 * width] };
  },
  'a number compared': (draft, x) => {
    if (!isFloat(x) || !x.isExact) return undefined;
    const [name] = draft.node('Greater', [x.name, number(draft, 0.1)]);
    return { ...x, name: draft.node('Cast', [name], { to: TYPES.float })[0] };
  },
  'a convolution twice': (draft, x) => {
    if (!isFloat(x) || x.dims.length !== 4) return undefined;
    const weight = draft.tensor(
      [x.dims[1], x.dims[1], 1, 1],
      draft.weights([x.dims[1], x.dims[1]]).map((value) => value / sizeOf(x.dims.slice(1, 2))),
    );
    const first = draft.node('Conv', [x.name, weight])[0];
    return { ...x, name: draft.node('Conv', [draft.node('Relu', [first])[0], weight])[0], isExact: false };
  },
};
