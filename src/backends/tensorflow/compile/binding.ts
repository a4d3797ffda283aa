import * as tf from '@tensorflow/tfjs';

/** An attribute as tfjs-node hands it to its addon: a name, the kind of value, the value. */
export interface BoundAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** What the addon tells of a tensor that it made. */
export interface BoundTensor {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** The part of tfjs-node's addon that is used here; element and attribute types are its constants. */
export interface Binding {
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  createTensor(shape: number[], dtype: number, values: ArrayBufferView): number;
  executeOp(
    operation: string,
    attributes: BoundAttribute[],
    inputs: number[],
    outputs: number,
  ): BoundTensor[];
  tensorDataSync(id: number): ArrayBufferView;
  loadSavedModel(folder: string, tags: string): number;
  runSavedModel(session: number, inputs: number[], inputNames: string, outputNames: string): BoundTensor[];
  deleteSavedModel(session: number): void;
}

/** The part of tfjs-node's backend that is used here. */
export interface NodeBackend {
  binding: Binding;
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  createOutputTensor(metadata: BoundTensor): tf.Tensor;
}

/** tfjs-node's backend, which must be the current one. */
export function nodeBackend(): NodeBackend {
  return tf.backend() as unknown as NodeBackend;
}

/** Runs `run` while some of the addon's methods are others, and puts the addon back. */
export function withMethods<T>(backend: NodeBackend, methods: Partial<Binding>, run: () => T): T {
  const { binding } = backend;
  // The addon's own methods cannot be assigned to, so an object in front of it has some of the same names.
  backend.binding = Object.create(
    binding,
    Object.fromEntries(Object.entries(methods).map(([name, value]) => [name, { value }])),
  ) as Binding;
  try {
    return run();
  } finally {
    backend.binding = binding;
  }
}
