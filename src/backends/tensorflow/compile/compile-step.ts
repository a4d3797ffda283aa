import * as tf from '@tensorflow/tfjs';
import { withoutOwnKernels } from '../../../ops/own-kernels';
import { elementType, runTensorflow, type ElementType } from '../../../ops/libtensorflow';
import {
  NotCompilableError,
  type CompiledStep,
  type Precision,
  type StepCompiler,
} from '../../step-compiler';
import { requireBfloat16 } from './bfloat16';
import { type NodeBackend, nodeBackend } from './binding';
import { difference, record, type Recording } from './record';
import { savedModelOf } from './saved-model';
import { loadSession } from './session';

// Op by op, a training step is some hundreds of calls, between which one core waits for JavaScript, and none of which
// knows of the next. As one graph, TensorFlow runs independent operations side by side, fuses neighbours and reuses
// buffers. So a step is run once while everything that it asks of libtensorflow is written down; that becomes a graph
// whose inputs are the step's inputs and the variables that it reads, and whose outputs are the step's outputs and the
// variables' new values. Nothing is copied on the way in or out.

/** What a recording is about: what came out of it, and which variables it gave new values. */
interface Trace {
  readonly recording: Recording;
  readonly outputs: readonly string[];
  readonly changed: ReadonlyMap<tf.Variable, string>;
}

/** {@link StepCompiler} of the `tensorflow` backend. */
export const compileStep: StepCompiler = (step, inputs, between, precision = 'float32') => {
  if (precision === 'float32') return compile(step, inputs, between, precision);
  requireBfloat16();
  // TensorFlow rewrites its own operations alone: ours would stay in float32, between casts.
  const reason = 'a step in bfloat16 has kernels for that in TensorFlow alone';
  return withoutOwnKernels(reason, () => compile(step, inputs, between, precision));
};

const compile = (...[step, inputs, between, precision]: Required<Parameters<StepCompiler>>): CompiledStep => {
  const backend = nodeBackend();
  const variables = allVariables();
  for (const input of inputs) tensorType(backend, input);
  const examples = inputs.map(renumbered);
  try {
    separate(backend, variables);
    const known = knownTensors(backend, [...examples, ...variables]);
    // What is found out once and remembered, such as which kernels work, is found out now, and is part of no recording.
    undone(variables, () => tf.dispose(tf.tidy(() => step(examples))));
    const [first, second] = [0, 1].map((attempt) => {
      between(attempt);
      return trace(backend, variables, known, () => step(examples));
    });
    const changed = difference(first.recording, second.recording);
    if (changed !== undefined) throw new NotCompilableError(`the step is not the same each time: ${changed}`);
    return assemble(backend, first, { inputs: examples, variables, precision });
  } finally {
    tf.dispose(examples);
  }
};

/** The same values under another number of the addon's, uncopied. */
function renumbered(tensor: tf.Tensor): tf.Tensor {
  return runTensorflow('Identity', [tensor], { T: elementType(tensor.dtype as ElementType) })[0];
}

/** A variable that was made as a clone of another has its tensor, by whose number a recording would take them for one. */
function separate(backend: NodeBackend, variables: readonly tf.Variable[]): void {
  const seen = new Set<number>();
  for (const variable of variables) {
    const id = idOf(backend, variable);
    if (seen.has(id)) tf.tidy(() => variable.assign(renumbered(variable)));
    seen.add(id);
  }
}

/** Runs `work`, and gives all variables their values back. */
function undone<T>(variables: readonly tf.Variable[], work: () => T): T {
  const before = variables.map((variable) => ({ variable, value: variable.clone() }));
  try {
    return work();
  } finally {
    for (const { variable, value } of before) {
      if (variable.dataId !== value.dataId) variable.assign(value);
      value.dispose();
    }
  }
}

function trace(
  backend: NodeBackend,
  variables: readonly tf.Variable[],
  known: ReadonlyMap<number, number>,
  step: () => tf.Tensor[],
): Trace {
  const ids = variables.map((variable) => idOf(backend, variable));
  return undone(variables, () => {
    let made: tf.Tensor[] = [];
    try {
      const recording = record(backend, known, () => {
        made = tf.tidy(step);
      });
      const sourceOf = (tensor: tf.Tensor): string => {
        const source = recording.source.get(idOf(backend, tensor));
        if (source !== undefined) return source;
        throw new NotCompilableError('the step puts out a tensor that it did not compute');
      };
      const outputs = made.map(sourceOf);
      const changed = variables
        .filter((variable, i) => idOf(backend, variable) !== ids[i])
        .map((variable) => [variable, sourceOf(variable)] as const);
      return { recording, outputs, changed: new Map(changed) };
    } finally {
      tf.dispose(made);
    }
  });
}

function assemble(
  backend: NodeBackend,
  { recording, outputs, changed }: Trace,
  {
    inputs,
    variables,
    precision,
  }: {
    readonly inputs: readonly tf.Tensor[];
    readonly variables: readonly tf.Variable[];
    readonly precision: Precision;
  },
): CompiledStep {
  const { binding } = backend;
  const positions = new Map(inputs.map((input, position) => [idOf(backend, input), position]));
  const owners = new Map(variables.map((variable) => [idOf(backend, variable), variable]));
  const feeds = recording.feeds.map(({ id, name }) => ({
    name,
    position: positions.get(id),
    owner: owners.get(id),
  }));
  const exampleOf = ({ position, owner }: (typeof feeds)[number]) =>
    position === undefined ? (owner as tf.Variable) : inputs[position];
  const placeholders = feeds.map((feed) => ({
    name: feed.name,
    dtype: tensorType(backend, exampleOf(feed)),
    shape: exampleOf(feed).shape,
  }));
  const shapes = inputs.map(({ shape }) => shape.join());
  const session = loadSession(binding, savedModelOf(recording, placeholders, binding), { precision });
  const feedNames = feeds.map(({ name }) => `${name}:0`).join(',');
  const fetchNames = [...outputs, ...changed.values()].join(',');
  const targets = [...changed.keys()];
  return {
    run(given) {
      given.forEach(({ shape }, i) => {
        if (shape.join() === shapes[i]) return;
        throw new Error(`input ${i} is of shape [${shape.join()}]: compiled for [${shapes[i]}]`);
      });
      const fed = feeds.map(({ position, owner }) =>
        position === undefined ? (owner as tf.Variable) : given[position],
      );
      const made = binding
        .runSavedModel(session, backend.getInputTensorIds(fed), feedNames, fetchNames)
        .map((tensor) => backend.createOutputTensor(tensor));
      const values = made.slice(outputs.length);
      return {
        outputs: made.slice(0, outputs.length),
        commit: () => {
          targets.forEach((variable, i) => variable.assign(values[i]));
          tf.dispose(values);
        },
        discard: () => tf.dispose(values),
      };
    },
    dispose: () => binding.deleteSavedModel(session),
  };
}

/** Uploads what tfjs-node has put off uploading, so that a recording finds tensors and not their values. */
function knownTensors(backend: NodeBackend, tensors: readonly tf.Tensor[]): ReadonlyMap<number, number> {
  const ids = backend.getInputTensorIds(tensors);
  return new Map(ids.map((id, i) => [id, tensorType(backend, tensors[i])]));
}

function idOf(backend: NodeBackend, tensor: tf.Tensor): number {
  return backend.getInputTensorIds([tensor])[0];
}

function tensorType(backend: NodeBackend, { dtype }: tf.Tensor): number {
  const { TF_FLOAT, TF_INT32, TF_BOOL } = backend.binding as unknown as Record<string, number>;
  const types: Record<string, number> = { float32: TF_FLOAT, int32: TF_INT32, bool: TF_BOOL };
  if (!(dtype in types)) throw new NotCompilableError(`a tensor of ${dtype} cannot be given to a graph`);
  return types[dtype];
}

function allVariables(): tf.Variable[] {
  const { state } = tf.engine() as unknown as { state: { registeredVariables: Record<string, tf.Variable> } };
  return Object.values(state.registeredVariables).filter(
    ({ dtype }) => dtype === 'float32' || dtype === 'int32',
  );
}
