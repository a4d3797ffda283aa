import { NotCompilableError } from '../../step-compiler';
import { withMethods, type Binding, type BoundAttribute, type NodeBackend } from './binding';

/** An operation that was run, or a constant that was made. */
export type RecordedNode = RecordedConstant | RecordedOperation;

export interface RecordedConstant {
  readonly kind: 'constant';
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: number;
  readonly bytes: Uint8Array;
}

export interface RecordedOperation {
  readonly kind: 'operation';
  readonly name: string;
  readonly operation: string;
  readonly attributes: readonly BoundAttribute[];
  /** Each `node:output`. */
  readonly inputs: readonly string[];
  /** The element type of each input, as the addon numbers them. */
  readonly inputTypes: readonly number[];
}

/** A tensor that was there before, and is read. */
export interface RecordedFeed {
  readonly name: string;
  readonly id: number;
}

/** All that one run did on the tensorflow backend. */
export interface Recording {
  readonly nodes: readonly RecordedNode[];
  readonly feeds: readonly RecordedFeed[];
  /** `node:output` by the addon's number of a tensor, while that tensor lives. */
  readonly source: ReadonlyMap<number, string>;
}

/** Of tensors that were there before `run`: the addon's number and element type. */
export type KnownTensors = ReadonlyMap<number, number>;

/**
 * Runs `run` and writes down every operation that it has libtensorflow do.
 *
 * @throws NotCompilableError if it reads a tensor that is not among `known`, or a tensor's values
 */
export function record(backend: NodeBackend, known: KnownTensors, run: () => void): Recording {
  const { binding } = backend;
  const nodes: RecordedNode[] = [];
  const feeds: RecordedFeed[] = [];
  const source = new Map<number, string>();
  const types = new Map<number, number>(known);

  const sourceOf = (id: number): string => {
    const made = source.get(id);
    if (made !== undefined) return made;
    if (!known.has(id)) {
      throw new NotCompilableError('the step reads a tensor that is neither an input nor a variable');
    }
    const name = `feed${feeds.length}`;
    feeds.push({ name, id });
    source.set(id, `${name}:0`);
    return `${name}:0`;
  };

  const methods: Partial<Binding> = {
    createTensor: (shape, dtype, values) => {
      const id = binding.createTensor(shape, dtype, values);
      const name = `constant${nodes.length}`;
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
      nodes.push({ kind: 'constant', name, shape: [...shape], dtype, bytes });
      source.set(id, `${name}:0`);
      types.set(id, dtype);
      return id;
    },
    executeOp: (operation, attributes, inputs, outputs) => {
      const sources = inputs.map(sourceOf);
      const inputTypes = inputs.map((id) => types.get(id) as number);
      const made = binding.executeOp(operation, attributes, inputs, outputs);
      const name = `operation${nodes.length}`;
      nodes.push({ kind: 'operation', name, operation, attributes, inputs: sources, inputTypes });
      made.forEach(({ id, dtype }, output) => {
        source.set(id, `${name}:${output}`);
        types.set(id, dtype);
      });
      return made;
    },
    tensorDataSync: () => {
      throw new NotCompilableError('the step reads the values of a tensor');
    },
    runSavedModel: () => {
      throw new NotCompilableError('the step runs a SavedModel');
    },
  };
  withMethods(backend, methods, run);
  return { nodes, feeds, source };
}

/** What differs between two recordings of one step, or `undefined` where nothing does. */
export function difference(one: Recording, other: Recording): string | undefined {
  if (one.nodes.length !== other.nodes.length) {
    return `it did ${one.nodes.length} operations once, and ${other.nodes.length} the next time`;
  }
  for (const [i, node] of one.nodes.entries()) {
    const twin = other.nodes[i];
    if (node.kind === 'constant' || twin.kind === 'constant') {
      if (node.kind === 'constant' && twin.kind === 'constant' && sameConstant(node, twin)) continue;
      return 'it makes a constant of another value each time, as a random mask is';
    }
    if (node.operation !== twin.operation)
      return `it did ${node.operation} once, ${twin.operation} the next time`;
    if (JSON.stringify([node.attributes, node.inputs]) !== JSON.stringify([twin.attributes, twin.inputs])) {
      return `its ${node.operation} differs from one time to the next`;
    }
  }
  return undefined;
}

function sameConstant(one: RecordedConstant, other: RecordedConstant): boolean {
  return (
    one.dtype === other.dtype &&
    one.shape.join() === other.shape.join() &&
    Buffer.compare(one.bytes, other.bytes) === 0
  );
}
