import { constant } from './constants';
import { broadcast, replaced, sizeOf, TYPES, type Draft } from './draft';
import { anyAxis, fitting, isNumber, like, maybe, rankOf, type Draw } from './draws';

const alongAxis =
  (op: string): Draw =>
  (draft, x) => {
    if (!isNumber(x)) return undefined;
    const axis = draft.chance(0.2) ? undefined : draft.signed(anyAxis(draft, rankOf(x)), rankOf(x));
    return like(x, draft.node(op, [x.name], { axis })[0]);
  };

const normalisedWeights = (draft: Draft, channels: number) =>
  ['scale', 'bias', 'mean', 'variance'].map((what) =>
    draft.tensor(
      [channels],
      draft.weights([channels]).map((value) => (what === 'variance' ? Math.abs(value) : value)),
    ),
  );

export const PRODUCT_DRAWS: Readonly<Record<string, Draw>> = {
  BatchNormalization: (draft, x) => {
    if (!isNumber(x) || rankOf(x) < 2) return undefined;
    const trains = draft.opset >= 14 && draft.chance(0.12) ? 1 : undefined;
    const attributes = {
      epsilon: maybe(draft, 0.6, draft.one([1e-3, 1e-5, 0.1])),
      momentum: maybe(draft, 0.4, draft.one([0.9, 0.99, 0.5])),
      training_mode: trains ?? draft.one([undefined, draft.opset >= 14 ? 0 : undefined]),
    };
    const weights = normalisedWeights(draft, x.dims[1]);
    return like(
      x,
      draft.node('BatchNormalization', [x.name, ...weights], attributes, trains === 1 ? 3 : 1)[0],
    );
  },
  InstanceNormalization: (draft, x) => {
    if (!isNumber(x) || rankOf(x) < 3) return undefined;
    const [scale, bias] = normalisedWeights(draft, x.dims[1]);
    return like(
      x,
      draft.node('InstanceNormalization', [x.name, scale, bias], { epsilon: maybe(draft, 0.5, 1e-3) })[0],
    );
  },
  LayerNormalization: (draft, x) => {
    if (!isNumber(x) || draft.opset < 17) return undefined;
    const rank = rankOf(x);
    const axis = draft.chance(0.7) ? rank - 1 : draft.whole(1, rank - 1);
    const dims = x.dims.slice(axis);
    // Of a single number there is nothing but rounding left.
    if (sizeOf(dims) === 1) return undefined;
    const said = axis === rank - 1 && draft.chance(0.4) ? undefined : draft.signed(axis, rank);
    const attributes = {
      axis: said,
      epsilon: maybe(draft, 0.6, draft.one([1e-3, 1e-6, 0.1])),
      stash_type: draft.one([undefined, 1]),
    };
    const bias = draft.chance(0.7) ? constant(draft, dims) : undefined;
    const scale = constant(draft, draft.chance(0.9) ? dims : [1]);
    const outputs = draft.chance(0.05) ? 3 : 1;
    const made = draft.node('LayerNormalization', [x.name, scale, bias], attributes, outputs);
    if (outputs === 1) return like(x, made[0]);
    const kept = x.dims.map((length, at) => (at >= axis ? 1 : length));
    return [like(x, made[0]), { name: made[1], dims: kept, type: 'float', isExact: false }];
  },
  LRN: (draft, x) =>
    isNumber(x) && rankOf(x) === 4
      ? like(x, draft.node('LRN', [x.name], { size: 3, alpha: maybe(draft, 0.5, 0.3) })[0])
      : undefined,
  Gemm: (draft, x) => {
    if (!isNumber(x) || rankOf(x) !== 2) return undefined;
    const [batch, features] = x.dims;
    const units = draft.whole(2, 5);
    const isLeft = !draft.chance(0.06);
    const [transA, transB] = [Number(!isLeft && draft.chance(0.5)), draft.one([0, 1])];
    const attributes = {
      transA: transA === 0 ? draft.one([0, undefined]) : 1,
      transB: transB === 0 ? draft.one([0, undefined]) : 1,
      alpha: maybe(draft, 0.4, draft.one([0.5, 1, 2])),
      beta: maybe(draft, 0.4, draft.one([0.5, 0, 2])),
    };
    if (!isLeft) {
      // The images on the right, so that the batch becomes columns or is summed over.
      const [rows, inner] = transB === 0 ? [units, batch] : [units, features];
      const matrix = constant(draft, transA === 0 ? [rows, inner] : [inner, rows]);
      const [name] = draft.node('Gemm', [matrix, x.name], attributes);
      return { name, dims: [units, transB === 0 ? features : batch], type: 'float', isExact: false };
    }
    const weight = constant(draft, transB === 0 ? [features, units] : [units, features]);
    const c = draft.one([
      undefined,
      [units],
      [units],
      [1, units],
      [1],
      [],
      [batch, 1],
      [batch, units],
      [1, 1],
    ]);
    const [name] = draft.node('Gemm', [x.name, weight, c && constant(draft, c)], attributes);
    return { name, dims: [batch, units], type: 'float', isExact: false };
  },
  MatMul: (draft, x, others) => {
    if (!isNumber(x) || rankOf(x) < 2) return undefined;
    const rank = rankOf(x);
    const [rows, features] = [x.dims[rank - 2], x.dims[rank - 1]];
    const units = draft.whole(2, 5);
    const lead = x.dims.slice(0, -2);
    const how = draft.whole(0, 9);
    if (how === 0) {
      const [name] = draft.node('MatMul', [x.name, constant(draft, [features])]);
      return { name, dims: [...lead, rows], type: 'float', isExact: false };
    }
    if (how === 1 && rank > 2) {
      const [name] = draft.node('MatMul', [constant(draft, [units, rows]), x.name]);
      return { name, dims: [...lead, units, features], type: 'float', isExact: false };
    }
    if (how === 2 && rank > 2) {
      const batched = [
        ...lead.map((length, axis) => (axis === 0 || draft.chance(0.5) ? 1 : length)),
        features,
        units,
      ];
      const [name] = draft.node('MatMul', [x.name, constant(draft, batched)]);
      return { name, dims: [...lead, rows, units], type: 'float', isExact: false };
    }
    const fits = others.filter(
      (other) =>
        isNumber(other) &&
        other.dims.length === rank &&
        other.dims.slice(0, -2).join() === lead.join() &&
        other.dims[rank - 2] === features &&
        rank > 2,
    );
    if (how === 3 && fits.length > 0) {
      const other = draft.one(fits);
      const [name] = draft.node('MatMul', [x.name, other.name]);
      return { name, dims: [...lead, rows, other.dims[rank - 1]], type: 'float', isExact: false };
    }
    const [product] = draft.node('MatMul', [x.name, constant(draft, [features, units])]);
    const dims = [...lead, rows, units];
    if (draft.chance(0.5)) return { name: product, dims, type: 'float', isExact: false };
    // Also what is no bias of columns, but has as many numbers.
    const bias = draft.chance(0.5) ? [units] : fitting(draft, dims);
    const all = broadcast(dims, bias);
    if (all === undefined) return undefined;
    const operands = [product, constant(draft, bias)];
    return {
      name: draft.node('Add', draft.chance(0.7) ? operands : operands.reverse())[0],
      dims: all,
      type: 'float',
      isExact: false,
    };
  },
  Softmax: alongAxis('Softmax'),
  LogSoftmax: alongAxis('LogSoftmax'),
  ArgMax: (draft, x) => {
    if (!isNumber(x) || rankOf(x) < 3) return undefined;
    const axis = draft.whole(1, rankOf(x) - 1);
    const [index] = draft.node('ArgMax', [x.name], { axis, keepdims: 1 });
    return {
      ...like(x, draft.node('Cast', [index], { to: TYPES.float })[0]),
      dims: replaced(x.dims, axis, 1),
    };
  },
};
