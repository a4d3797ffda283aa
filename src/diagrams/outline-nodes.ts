import type * as tf from '@tensorflow/tfjs';
import { type LayerCall, addedParams } from './layer-calls';
import { isJoin, isUnsaid, layerText, operationKind } from './layer-text';
import type { ModulePlace } from './module-names';
import type { OutlineDetail, OutlineEdge, OutlineNode, OutlinePart } from './outline';
import { counted } from './text';

/** Where in the model each call is; the inputs are nowhere. */
export type Places = ReadonlyMap<LayerCall, ModulePlace>;

/** Whether a layer only stands for what the model is given. */
export function isInput(layer: tf.layers.Layer): boolean {
  return layer.getClassName() === 'InputLayer';
}

/** What calls come to together. */
export function summed(calls: readonly LayerCall[]): Omit<OutlinePart, 'name'> {
  return {
    outputShape: calls[calls.length - 1].outputShape,
    params: addedParams(calls),
    macs: calls.reduce((sum, call) => sum + call.macs, 0),
  };
}

/** Calls that become one node. */
export function unitsOf(calls: readonly LayerCall[], places: Places, detail: OutlineDetail): LayerCall[][] {
  if (detail === 'layers') return calls.map((call) => [call]);
  if (detail === 'stages') {
    const byStage = new Map<unknown, LayerCall[]>();
    for (const call of calls) {
      const key = places.get(call)?.stage ?? call;
      byStage.set(key, [...(byStage.get(key) ?? []), call]);
    }
    return [...byStage.values()];
  }
  return chainsOf(calls, places);
}

/**
 * Calls one after the other in one block, of which nothing between is read elsewhere. A join begins a chain, and only what
 * changes no shape and has no line of its own goes on after it.
 */
function chainsOf(calls: readonly LayerCall[], places: Places): LayerCall[][] {
  const readers = new Map<number, number>();
  for (const { inputs } of calls)
    for (const input of inputs) readers.set(input, (readers.get(input) ?? 0) + 1);
  const chains = new Map<LayerCall, LayerCall[]>();
  for (const call of calls) {
    const before = call.inputs.length === 1 ? calls[call.inputs[0]] : undefined;
    const chain = before === undefined ? undefined : chains.get(before);
    const [place, placeBefore] = [places.get(call), before === undefined ? undefined : places.get(before)];
    const isSamePart = place?.stage === placeBefore?.stage && place?.block === placeBefore?.block;
    const canFollow = chain !== undefined && (!isJoin(chain[0].layer) || isUnsaid(call.layer));
    if (
      chain !== undefined &&
      canFollow &&
      isSamePart &&
      !isJoin(call.layer) &&
      readers.get(call.inputs[0]) === 1
    ) {
      chain.push(call);
      chains.set(call, chain);
    } else chains.set(call, [call]);
  }
  return [...new Set(chains.values())];
}

/** A unit as a node of the outline. */
export function nodeOf(
  unit: readonly LayerCall[],
  index: number,
  places: Places,
  detail: OutlineDetail,
): OutlineNode {
  const [{ layer }] = unit;
  const place = places.get(unit[0]);
  const kind = isInput(layer) ? 'input' : isJoin(layer) && detail !== 'stages' ? 'join' : 'layers';
  return {
    id: `n${index}`,
    kind,
    ...(place !== undefined && { stage: place.stage }),
    ...(place?.block !== undefined && detail !== 'stages' && { block: place.block }),
    layers: unit.map((call) => call.layer.name),
    operations: operationsOf(unit, kind, detail),
    ...summed(unit),
  };
}

function operationsOf(
  unit: readonly LayerCall[],
  kind: OutlineNode['kind'],
  detail: OutlineDetail,
): string[] {
  if (kind === 'input') return ['image'];
  const layers = unit.map(({ layer }) => layer);
  if (detail === 'stages') return operationCounts(layers);
  if (kind === 'join') return [layers.map(layerText).join(', ')];
  const said = layers.filter((layer) => !isUnsaid(layer));
  return (said.length > 0 ? said : layers).map(layerText);
}

/** How often each kind of operation is in a stage: `9 convolutions`, `3 adds`. */
function operationCounts(layers: readonly tf.layers.Layer[]): string[] {
  const counts = new Map<string, number>();
  for (const layer of layers.filter((one) => !isUnsaid(one))) {
    const kind = operationKind(layer);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => counted(count, kind));
}

/** Which units read which. */
export function edgesOf(
  units: readonly LayerCall[][],
  calls: readonly LayerCall[],
): Omit<OutlineEdge, 'isShortcut'>[] {
  const ids = new Map(units.flatMap((unit, index) => unit.map((call) => [call, `n${index}`] as const)));
  const edges = new Map<string, Omit<OutlineEdge, 'isShortcut'>>();
  for (const call of calls) {
    for (const input of call.inputs) {
      const [from, to] = [ids.get(calls[input]) as string, ids.get(call) as string];
      if (from !== to) edges.set(`${from} ${to}`, { from, to });
    }
  }
  return [...edges.values()];
}

/** An edge is a shortcut where its target can be reached from its source by another way as well. */
export function markShortcuts(
  nodes: readonly OutlineNode[],
  edges: readonly Omit<OutlineEdge, 'isShortcut'>[],
): OutlineEdge[] {
  const before = new Map(nodes.map(({ id }) => [id, new Set<string>()]));
  const into = new Map<string, string[]>();
  for (const { from, to } of edges) into.set(to, [...(into.get(to) ?? []), from]);
  for (const { id } of nodes) {
    const own = before.get(id) as Set<string>;
    for (const source of into.get(id) ?? []) {
      own.add(source);
      before.get(source)?.forEach((earlier) => own.add(earlier));
    }
  }
  return edges.map((edge) => {
    const others = (into.get(edge.to) ?? []).filter((source) => source !== edge.from);
    return { ...edge, isShortcut: others.some((source) => before.get(source)?.has(edge.from)) };
  });
}
