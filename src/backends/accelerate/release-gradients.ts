import * as tf from '@tensorflow/tfjs';
import { engine, type Engine, type Gradients, type TapeNode } from './engine-internals';
import { replaceMethod, type Patch } from './patch';

// tfjs frees what a backward pass kept (the saved activations) and what it made (the gradient of every activation) when
// the pass is over, so that at its end both are in memory whole. Each of them has one reader, after which it can go.

/**
 * Makes the gradient functions of tfjs (`tf.grads`, `tf.variableGrads`, `optimizer.minimize`, `model.fit`) free each
 * saved activation and each activation's gradient as soon as it has been used.
 */
export const releaseGradients: Patch = () =>
  replaceMethod(
    engine(),
    'gradients',
    (stock) =>
      function (this: Engine, f, xs, dy, allowNoGradients = false) {
        // Within another gradient the tape belongs to the outer one, which has yet to read it.
        if (this.state.gradientDepth > 0) return stock.call(this, f, xs, dy, allowNoGradients);
        return gradients(this, stock, f, xs, dy, allowNoGradients);
      },
  );

function gradients(
  core: Engine,
  stock: Engine['gradients'],
  f: () => tf.Tensor,
  xs: tf.Tensor[],
  dy: tf.Tensor | null | undefined,
  allowNoGradients: boolean,
): Gradients {
  tf.util.assert(xs.length > 0, () => 'gradients() received an empty list of xs.');
  if (dy != null && dy.dtype !== 'float32') {
    throw new Error(`dy must have 'float32' dtype, but has '${dy.dtype}'`);
  }
  const y = record(core, f);
  const tape = core.state.activeTape ?? [];
  try {
    const path = nodesBetween(tape, xs, y);
    if (!allowNoGradients && path.length === 0) {
      // Nothing leads from x to y, which stock tfjs words better than we could: let it say so for the same tape.
      return stock.call(core, () => y, xs, dy, allowNoGradients);
    }
    const onPath = new Set(path.map(({ node }) => node));
    for (const node of tape) if (!onPath.has(node)) release(node);
    return core.tidy(() => ({ value: y, grads: backward(core, path, xs, y, dy ?? tf.ones(y.shape)) }));
  } finally {
    tape.forEach(release);
    core.state.activeTape = null;
  }
}

function record(core: Engine, f: () => tf.Tensor): tf.Tensor {
  core.startTape();
  try {
    const y = core.tidy(f);
    tf.util.assert(y instanceof tf.Tensor, () => 'The result y returned by f() must be a tensor.');
    return y;
  } catch (error) {
    core.state.activeTape?.forEach(release);
    throw error;
  } finally {
    core.endTape();
  }
}

interface Step {
  readonly node: TapeNode;
  /** The inputs that depend on an x. */
  readonly wanted: readonly (readonly [name: string, input: tf.Tensor])[];
}

/** The nodes that lead from an x to y, in the order of the tape. */
function nodesBetween(tape: readonly TapeNode[], xs: readonly tf.Tensor[], y: tf.Tensor): Step[] {
  const fromX = new Set(xs.map(({ id }) => id));
  const steps: Step[] = [];
  for (const node of tape) {
    const wanted = Object.entries(node.inputs).filter(([, input]) => input != null && fromX.has(input.id));
    if (wanted.length === 0) continue;
    for (const output of node.outputs) fromX.add(output.id);
    steps.push({ node, wanted });
  }
  const toY = new Set([y.id]);
  return steps
    .reverse()
    .filter(({ node, wanted }) => {
      if (!node.outputs.some(({ id }) => toY.has(id))) return false;
      for (const [, input] of wanted) toY.add(input.id);
      return true;
    })
    .reverse();
}

function backward(
  core: Engine,
  path: readonly Step[],
  xs: readonly tf.Tensor[],
  y: tf.Tensor,
  dy: tf.Tensor,
): (tf.Tensor | undefined)[] {
  const byTensor = new Map([[y.id, dy]]);
  const lasting = new Set(xs.map(({ id }) => id));
  for (const { node, wanted } of [...path].reverse()) {
    const dys = node.outputs.map(({ id }) => byTensor.get(id) ?? null);
    if (dys.every((each) => each === null)) continue;
    const found = core.tidy(() => inputGradients(core, node, wanted, dys));
    release(node);
    wanted.forEach(([, input], i) => {
      const sofar = byTensor.get(input.id);
      if (sofar === undefined) return void byTensor.set(input.id, found[i]);
      byTensor.set(input.id, tf.add(sofar, found[i]));
      tf.dispose([sofar, found[i]]);
    });
    for (const { id } of node.outputs) {
      // The caller's own dy is not ours to free, and x may be an output of a node where f was given one.
      if (lasting.has(id) || byTensor.get(id) === dy) continue;
      byTensor.get(id)?.dispose();
      byTensor.delete(id);
    }
  }
  return xs.map(({ id }) => byTensor.get(id));
}

function inputGradients(
  core: Engine,
  node: TapeNode,
  wanted: Step['wanted'],
  dys: (tf.Tensor | null)[],
): tf.Tensor[] {
  if (node.gradient == null) {
    throw new Error(`Cannot compute gradient: gradient function not found for ${node.kernelName}.`);
  }
  const thunks = node.gradient(dys);
  const found: tf.Tensor[] = [];
  for (const [name, input] of wanted) {
    if (!(name in thunks)) {
      const available = Object.keys(thunks).join(',');
      throw new Error(`Cannot backprop through input ${name}. Available gradients found: ${available}.`);
    }
    const gradient = core.tidy(() => thunks[name]());
    checkGradient(node, name, input, gradient);
    // What a gradient function hands on unchanged is shared; each reader gets its own, to free when it is done.
    const shared = dys.includes(gradient) || found.includes(gradient);
    found.push(shared ? gradient.clone() : gradient);
  }
  return found;
}

function checkGradient(node: TapeNode, name: string, input: tf.Tensor, gradient: tf.Tensor): void {
  if (gradient.dtype !== 'float32') {
    throw new Error(
      `Error in gradient for op ${node.kernelName}. The gradient of input ${name} must have 'float32' dtype, ` +
        `but has '${gradient.dtype}'`,
    );
  }
  if (!tf.util.arraysEqual(gradient.shape, input.shape)) {
    throw new Error(
      `Error in gradient for op ${node.kernelName}. The gradient of input '${name}' has shape ` +
        `'${gradient.shape}', which does not match the shape of the input '${input.shape}'`,
    );
  }
}

/** Frees what a node saved. Harmless when done twice. */
function release(node: TapeNode): void {
  node.saved?.forEach((tensor) => tensor.dispose());
}
