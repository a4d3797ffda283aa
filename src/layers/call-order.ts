import { CardinalError, listed } from '../errors';

/** One output tensor of one call of a layer, as a config names it. */
export type Reference = [layer: string, call: number, tensor: number];

/** A layer and what each of its calls reads. */
export interface CalledLayer {
  readonly name: string;
  /** Whether it puts something out without being called. */
  readonly isInput: boolean;
  readonly calls: readonly (readonly Reference[])[];
}

/**
 * The order in which tfjs makes the calls of each layer when it loads a graph of them, by name. It makes a call as soon as
 * what it reads is there and counts calls as it makes them, whatever their order in the config: a shared layer's first call
 * may have to wait longer than its second, and then what reads either reads the other.
 *
 * @param layers in the order of the config, the calls of each counted from 0
 *
 * @throws CardinalError naming the layers that can never be called: what they read is not there, or is what they put out
 */
export function callOrder(layers: readonly CalledLayer[]): ReadonlyMap<string, readonly number[]> {
  const made = new Map(layers.map(({ name, isInput }) => [name, isInput ? [0] : []]));
  const waiting = new Map(layers.map(({ name, calls }) => [name, calls.map((_, call) => call)]));
  const isReady = (inputs: readonly Reference[]): boolean =>
    inputs.every(([name, call]) => made.get(name)?.includes(call) === true);
  for (let isMoving = true; isMoving;) {
    isMoving = false;
    for (const { name, calls } of layers) {
      const left: number[] = [];
      for (const call of waiting.get(name) ?? []) {
        if (isReady(calls[call])) made.get(name)?.push(call);
        else left.push(call);
      }
      isMoving ||= left.length < (waiting.get(name)?.length ?? 0);
      waiting.set(name, left);
    }
  }
  const stuck = layers.filter(({ name }) => waiting.get(name)?.length);
  if (stuck.length > 0) {
    const reasons = stuck.map(({ name, calls }) => {
      const missing = calls.flat().find((input) => !isReady([input]));
      return `${name} reads call ${missing?.[1]} of ${missing?.[0]}`;
    });
    throw new CardinalError(`layers read what is never there: ${listed(reasons, 5)}`);
  }
  return made;
}
