import { CardinalError, nearest } from '../errors';

/** One output tensor of one call of a layer. */
export type Output = readonly [layer: string, call: number, tensor: number];

/** A layer in a graph of them, and what each of its calls reads. */
export interface GraphLayer {
  readonly name: string;
  /** What messages call it. */
  readonly label: string;
  /** Calls that tfjs counts and nobody makes. */
  readonly ownCalls: number;
  readonly calls: readonly (readonly Output[])[];
  /** Outputs of a call, where that is known. */
  readonly outputs: number | undefined;
}

interface Call {
  readonly layer: GraphLayer;
  readonly inputs: readonly Output[];
  /** So many of the inputs are there. */
  ready: number;
}

/**
 * Refuses a graph of layers in which a call reads what is not there, or never will be. tfjs makes a call as soon as what it reads
 * is there, counts the calls of a layer as it makes them, and goes round until all are made.
 *
 * @throws CardinalError naming the layers
 */
export function checkCalls(
  layers: readonly GraphLayer[],
  inputs: readonly Output[],
  outputs: readonly Output[],
): void {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const check = (reader: string, read: readonly Output[]) =>
    read.forEach((output) => checkOutput(byName, reader, output));
  for (const { label, calls } of layers) calls.forEach((own) => check(label, own));
  check('the model', inputs);
  check('the model', outputs);
  const sources = new Set(inputs.map(([name]) => name));
  for (const { name, label, calls, ownCalls } of layers) {
    if (calls.length === 0 && ownCalls === 0 && !sources.has(name)) {
      throw new CardinalError(`${label}: it reads nothing`);
    }
  }
  const stuck = neverMade(layers);
  if (stuck.length > 0) throw circle(stuck);
}

function checkOutput(
  byName: ReadonlyMap<string, GraphLayer>,
  reader: string,
  [name, call, tensor]: Output,
): void {
  const layer = byName.get(name);
  if (layer === undefined) {
    const near = nearest(name, [...byName.keys()]);
    const hint = near === undefined ? '' : ` (did you mean '${near}'?)`;
    throw new CardinalError(`${reader} reads '${name}', which is not there${hint}`);
  }
  const calls = layer.ownCalls + layer.calls.length;
  if (call >= calls) {
    throw new CardinalError(`${reader} reads call ${call} of ${name}, which has ${calls}, counted from 0`);
  }
  if (layer.outputs !== undefined && tensor >= layer.outputs) {
    throw new CardinalError(
      `${reader} reads output ${tensor} of ${name}, which has ${layer.outputs}, counted from 0`,
    );
  }
}

/** The calls that never can be made. */
function neverMade(layers: readonly GraphLayer[]): Call[] {
  const made = new Map(layers.map(({ name, ownCalls }) => [name, ownCalls]));
  const waiting = new Map<string, Call[]>(layers.map(({ name }) => [name, []]));
  const queue = layers.flatMap((layer) => layer.calls.map((inputs): Call => ({ layer, inputs, ready: 0 })));
  for (let call = queue.pop(); call !== undefined; call = queue.pop()) {
    while (call.ready < call.inputs.length && isMade(made, call.inputs[call.ready])) call.ready++;
    if (call.ready < call.inputs.length) {
      waiting.get(call.inputs[call.ready][0])?.push(call);
      continue;
    }
    const { name } = call.layer;
    made.set(name, (made.get(name) ?? 0) + 1);
    queue.push(...(waiting.get(name)?.splice(0) ?? []));
  }
  return [...waiting.values()].flat();
}

function isMade(made: ReadonlyMap<string, number>, [name, call]: Output): boolean {
  return (made.get(name) ?? 0) > call;
}

/** Each of these waits for a layer of which a call waits: following that, a layer comes twice. */
function circle(stuck: readonly Call[]): CardinalError {
  const byName = new Map(stuck.map((call) => [call.layer.name, call]));
  const way: string[] = [];
  for (let call = stuck[0]; !way.includes(call.layer.name);) {
    way.push(call.layer.name);
    const [next] = call.inputs[call.ready];
    call = byName.get(next) ?? call;
    if (way.includes(next)) way.push(next);
  }
  const names = way.slice(way.indexOf(way[way.length - 1]));
  if (names.length <= 2) return new CardinalError(`${stuck[0].layer.label} reads itself`);
  const shown = names.length > 12 ? [...names.slice(0, 10), '…', names[names.length - 1]] : names;
  return new CardinalError(`layers read each other in a circle: ${shown.join(' reads ')}`);
}
