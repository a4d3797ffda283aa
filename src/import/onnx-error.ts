import { CardinalError } from '../errors';

/** An ONNX file that is damaged, or that holds what no layer of this package computes; `message` names the node. */
export class OnnxError extends CardinalError {
  override name = 'OnnxError';
}

/** An operator on constants that is not evaluated, and why; whoever catches it names the node. */
export class NotFolded extends OnnxError {
  override name = 'NotFolded';
}
