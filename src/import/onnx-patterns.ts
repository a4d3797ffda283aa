import type { OnnxNode } from './onnx-attributes';
import { constantOf, ELEMENT, type Constant } from './onnx-tensors';

/** The nodes of a graph by what they put out, and the constants among its values. */
export interface Surroundings {
  readonly producers: ReadonlyMap<string, OnnxNode>;
  readonly readers: ReadonlyMap<string, number>;
  readonly constants: Map<string, Constant>;
}

/** Another node for the last of several that belong together, or `undefined` for one that stands for itself. */
type Pattern = (node: OnnxNode, around: Surroundings) => OnnxNode | undefined;

/**
 * The nodes with what exporters write in several operators made one: GELU, SiLU, hard sigmoid and hard swish, the bias of a
 * matrix product, scale and shift of channels, layer norm, a part of a sequence. The others stay, for whoever else reads them.
 */
export function joinPatterns(
  nodes: readonly OnnxNode[],
  around: Omit<Surroundings, 'producers'>,
): OnnxNode[] {
  const producers = new Map<string, OnnxNode>();
  return nodes.map((node) => {
    let joined = node;
    for (const pattern of PATTERNS) joined = pattern(joined, { ...around, producers }) ?? joined;
    for (const output of joined.outputs) producers.set(output, joined);
    return joined;
  });
}

const PATTERNS: readonly Pattern[] = [
  hardSigmoid,
  gelu,
  gatedByItself,
  partOfSequence,
  biasOfProduct,
  scaleAndShift,
  layerNorm,
];

/** `clip(x + 3, 0, 6) / 6`. */
function hardSigmoid(node: OnnxNode, around: Surroundings): OnnxNode | undefined {
  if (node.op !== 'Div' && node.op !== 'Mul') return undefined;
  const [clipped, factor] = withNumber(node, around) ?? [];
  const isSixth = node.op === 'Div' ? factor === 6 : isNear(factor, 1 / 6);
  if (clipped === undefined || !isSixth) return undefined;
  const clip = around.producers.get(clipped);
  if (clip?.op !== 'Clip' || numberOf(clip.inputs[1], around) !== 0 || numberOf(clip.inputs[2], around) !== 6)
    return undefined;
  const add = around.producers.get(clip.inputs[0]);
  const [x, three] = (add?.op === 'Add' && withNumber(add, around)) || [];
  if (x === undefined || three !== 3) return undefined;
  return {
    ...node,
    op: 'HardSigmoid',
    inputs: [x],
    attributes: node.attributes.with({ alpha: 1 / 6, beta: 0.5 }),
  };
}

/** `0.5 · x · (1 + erf(x / √2))`, whatever is multiplied first. */
function gelu(node: OnnxNode, around: Surroundings): OnnxNode | undefined {
  if (node.op !== 'Mul') return undefined;
  const { factor, values } = product(node, around);
  if (!isNear(factor, 0.5) || values.length !== 2) return undefined;
  for (const [x, gate] of [values, [values[1], values[0]]]) {
    const add = around.producers.get(gate);
    const [erf, one] = (add?.op === 'Add' && withNumber(add, around)) || [];
    const inner = erf === undefined ? undefined : around.producers.get(erf);
    if (one !== 1 || inner?.op !== 'Erf') continue;
    const scaled = around.producers.get(inner.inputs[0]);
    const [argument, by] = (scaled && withNumber(scaled, around)) || [];
    const isRoot =
      scaled?.op === 'Div' ? isNear(by, Math.SQRT2) : scaled?.op === 'Mul' && isNear(by, Math.SQRT1_2);
    if (argument === x && isRoot) return { ...node, op: 'Gelu', inputs: [x] };
  }
  return undefined;
}

/** `x · sigmoid(x)` and `x · hardSigmoid(x)`, the latter also with the division at the end. */
function gatedByItself(node: OnnxNode, around: Surroundings): OnnxNode | undefined {
  const divided = node.op === 'Div' ? withNumber(node, around) : undefined;
  if (divided?.[1] === 6) {
    const inner = around.producers.get(divided[0]);
    if (inner?.op !== 'Mul') return undefined;
    for (const [x, clipped] of [inner.inputs, [inner.inputs[1], inner.inputs[0]]]) {
      const gate = hardSigmoid({ ...node, inputs: [clipped, node.inputs[1]] }, around);
      if (gate?.inputs[0] === x) return { ...node, op: 'HardSwish', inputs: [x] };
    }
    return undefined;
  }
  if (node.op !== 'Mul') return undefined;
  for (const [x, gated] of [node.inputs, [node.inputs[1], node.inputs[0]]]) {
    const gate = around.producers.get(gated);
    if (gate?.inputs[0] !== x) continue;
    const plain = { ...node, inputs: [x] };
    if (gate.op === 'Sigmoid') return { ...plain, op: 'Swish' };
    const { attributes } = gate;
    const isPyTorchs =
      isNear(attributes.number('alpha', 0.2), 1 / 6) && attributes.number('beta', 0.5) === 0.5;
    if (gate.op === 'HardSigmoid' && isPyTorchs) return { ...plain, op: 'HardSwish' };
  }
  return undefined;
}

/** One of the parts into which a tensor was split as a sequence: a slice. */
function partOfSequence(node: OnnxNode, { producers, constants }: Surroundings): OnnxNode | undefined {
  if (node.op !== 'SequenceAt') return undefined;
  const sequence = producers.get(node.inputs[0]);
  const index = constants.get(node.inputs[1])?.data[0];
  const split = constants.get(sequence?.inputs[1] ?? '');
  if (sequence?.op !== 'SplitToSequence' || split === undefined || index === undefined || index < 0)
    return undefined;
  const isEven = split.dims.length === 0;
  const before = Array.from(split.data.subarray(0, index)).reduce((sum, size) => sum + size, 0);
  const start = isEven ? index * split.data[0] : before;
  const end = start + split.data[isEven ? 0 : index];
  const axis = sequence.attributes.number('axis', 0);
  const inputs = [start, end, axis].map((value, at) => {
    // A space is in no name of a file that keeps to ONNX's rules.
    const name = `${node.outputs[0]} slice ${at}`;
    constants.set(name, constantOf([1], [value], ELEMENT.int64));
    return name;
  });
  return { ...node, op: 'Slice', inputs: [sequence.inputs[0], ...inputs] };
}

/** A matrix product to which a constant is added: a linear layer with a bias. */
function biasOfProduct(node: OnnxNode, around: Surroundings): OnnxNode | undefined {
  if (node.op !== 'Add') return undefined;
  const [product, bias] = withConstant(node, around) ?? [];
  const matMul = product === undefined ? undefined : around.producers.get(product);
  if (matMul?.op !== 'MatMul' || matMul.inputs.length !== 2 || around.readers.get(product as string) !== 1)
    return undefined;
  const columns = around.constants.get(matMul.inputs[1])?.dims;
  const constant = around.constants.get(bias as string);
  const isBias =
    columns?.[1] === 1 ? constant?.dims.join() === '1' : axisFromEnd(constant, columns?.[1] ?? 0) === 1;
  // Of a vector nothing is left of the axis that the bias would vary along.
  if (columns?.length !== 2 || !isBias) return undefined;
  return { ...matMul, outputs: node.outputs, inputs: [...matMul.inputs, bias as string] };
}

/** Channels multiplied and added to: one layer. */
function scaleAndShift(node: OnnxNode, around: Surroundings): OnnxNode | undefined {
  if (node.op !== 'Add') return undefined;
  const [scaled, shift] = withConstant(node, around) ?? [];
  const mul = scaled === undefined ? undefined : around.producers.get(scaled);
  if (mul?.op !== 'Mul' || around.readers.get(scaled as string) !== 1) return undefined;
  const [x, scale] = withConstant(mul, around) ?? [];
  const length = around.constants.get(scale as string)?.data.length ?? 0;
  const axes = [scale, shift].map((name) => axisFromEnd(around.constants.get(name as string), length));
  if (x === undefined || axes[0] === undefined || axes[0] !== axes[1]) return undefined;
  return { ...mul, op: 'ScaleShift', outputs: node.outputs, inputs: [x, scale as string, shift as string] };
}

/** `(x - mean(x)) / √(mean((x - mean(x))²) + epsilon)` along the last axis, scaled and shifted. */
function layerNorm(node: OnnxNode, around: Surroundings): OnnxNode | undefined {
  if (node.op !== 'ScaleShift') return undefined;
  const producer = (name: string | undefined, op: string) => {
    const found = name === undefined ? undefined : around.producers.get(name);
    return found?.op === op ? found : undefined;
  };
  const meanOf = (mean: OnnxNode | undefined) => {
    if (mean === undefined || mean.attributes.number('keepdims', 1) === 0) return undefined;
    const given = around.constants.get(mean.inputs[1] ?? '')?.data ?? mean.attributes.numbers('axes');
    return given?.length === 1 && given[0] === -1 ? mean.inputs[0] : undefined;
  };
  const divided = producer(node.inputs[0], 'Div');
  const centred = producer(divided?.inputs[0], 'Sub');
  const added = producer(producer(divided?.inputs[1], 'Sqrt')?.inputs[0], 'Add');
  const [variance, epsilon] = (added && withNumber(added, around)) || [];
  const square = producer(meanOf(producer(variance, 'ReduceMean')), 'Pow');
  const isVariance = square?.inputs[0] === centred?.outputs[0] && numberOf(square?.inputs[1], around) === 2;
  if (!centred || epsilon === undefined || !isVariance) return undefined;
  if (meanOf(producer(centred.inputs[1], 'ReduceMean')) !== centred.inputs[0]) return undefined;
  const inputs = [centred.inputs[0], ...node.inputs.slice(1)];
  // One number for each channel of the last axis.
  const areLast = node.inputs
    .slice(1)
    .every(
      (name) => axisFromEnd(around.constants.get(name), around.constants.get(name)?.data.length ?? 0) === 1,
    );
  if (!areLast) return undefined;
  return {
    ...node,
    op: 'LayerNormalization',
    inputs,
    attributes: node.attributes.with({ axis: -1, epsilon }),
  };
}

/** What a chain of multiplications multiplies: its constant numbers as one factor, and the rest. */
function product(node: OnnxNode, around: Surroundings, depth = 3): { factor: number; values: string[] } {
  let factor = 1;
  const values: string[] = [];
  for (const input of node.inputs) {
    const number = numberOf(input, around);
    const producer = around.producers.get(input);
    if (number !== undefined) factor *= number;
    else if (producer?.op === 'Mul' && depth > 0) {
      const inner = product(producer, around, depth - 1);
      factor *= inner.factor;
      values.push(...inner.values);
    } else values.push(input);
  }
  return { factor, values };
}

function numberOf(name: string | undefined, { constants }: Surroundings): number | undefined {
  const constant = name === undefined ? undefined : constants.get(name);
  // With more axes than the least that a value has, it would give it axes too.
  return constant?.data.length === 1 && constant.dims.length <= 2 ? constant.data[0] : undefined;
}

/** Which axis, counted from the end from 1 on, is the only one that a constant varies along, if it has that length. */
function axisFromEnd(constant: Constant | undefined, length: number): number | undefined {
  if (constant === undefined || length < 2 || constant.data.length !== length) return undefined;
  const axis = constant.dims.indexOf(length);
  return axis < 0 ? undefined : constant.dims.length - axis;
}

/** The operand that is computed and the number that is not. */
function withNumber(node: OnnxNode, around: Surroundings): [value: string, number: number] | undefined {
  const [value, constant] = withConstant(node, around) ?? [];
  const number = numberOf(constant, around);
  return value === undefined || number === undefined ? undefined : [value, number];
}

/** The operand that is computed and the one that is not; a divisor is always the second. */
function withConstant(
  { op, inputs: [a, b] }: OnnxNode,
  { constants }: Surroundings,
): [string, string] | undefined {
  if (a === undefined || b === undefined || constants.has(a) === constants.has(b)) return undefined;
  if (constants.has(b)) return [a, b];
  return op === 'Div' || op === 'Sub' ? undefined : [b, a];
}

function isNear(a: number | undefined, b: number): boolean {
  return a !== undefined && Math.abs(a - b) <= 1e-6 * Math.abs(b);
}
