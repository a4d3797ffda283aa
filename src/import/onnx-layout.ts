import type { OnnxNode } from './onnx-attributes';
import type { OnnxGraph, OnnxPort } from './onnx-file';

/** Operators that leave every axis where it is. */
const ELEMENTWISE: ReadonlySet<string> = new Set(
  'Add Sub Mul Div Pow Max Min Neg Abs Sqrt Exp Log Reciprocal Relu Clip Sigmoid Tanh Cast CastLike Identity Dropout'.split(
    ' ',
  ),
);

/** Operators that ask for a value's lengths alone. */
const READS_LENGTHS: ReadonlySet<string> = new Set(['Shape', 'Size']);

/**
 * Whether a file says of its images that their channels come last, or, saying nothing, makes them come second before anything
 * that is not done to each element alone, such as scaling.
 */
export function isChannelsLast({ name, lengths }: OnnxPort, { nodes, metadata }: OnnxGraph): boolean {
  if (lengths?.length !== 4) return false;
  const layout = metadata.get('layout');
  if (layout === 'NHWC' || layout === 'NCHW') return layout === 'NHWC';
  const waiting = [name];
  const seen = new Set(waiting);
  let isTransposed = false;
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    for (const { op, inputs, outputs, attributes } of nodes) {
      if (!inputs.includes(value) || READS_LENGTHS.has(op)) continue;
      if (ELEMENTWISE.has(op)) waiting.push(...outputs.filter((output) => !seen.has(output)));
      else if (op === 'Transpose' && attributes.numbers('perm')?.join() === '0,3,1,2') isTransposed = true;
      else return false;
      outputs.forEach((output) => seen.add(output));
    }
  }
  return isTransposed;
}

/**
 * Whether what a node puts out has its channels last in the file, as far as the file tells; `undefined` where it does not.
 *
 * @param before the same of what it reads, whose number of axes is `rank`
 * @param rankAfter the number of axes of what it puts out
 */
export function isChannelsLastAfter(
  { op, attributes }: OnnxNode,
  before: boolean | undefined,
  rank: number,
  rankAfter: number,
): boolean | undefined {
  if (rank !== 4 || rankAfter !== 4) return undefined;
  if (op !== 'Transpose') return before;
  switch (attributes.numbers('perm')?.join()) {
    case '0,2,3,1':
      return before === false ? true : undefined;
    case '0,3,1,2':
      return before === true ? false : undefined;
    case '0,1,2,3':
      return before;
    default:
      return undefined;
  }
}
