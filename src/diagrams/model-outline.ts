import type * as tf from '@tensorflow/tfjs';
import { checkModel } from '../check-kinds';
import { unknownChoice } from '../errors';
import { inspectModel } from '../inspect/inspect-model';
import { foldRepeats } from './fold-repeats';
import { type LayerCall, layerCalls } from './layer-calls';
import { isJoin } from './layer-text';
import { placesByName } from './module-names';
import { type ModelOutline, type OutlineDetail, type OutlinePart, OUTLINE_DETAILS } from './outline';
import { type Places, edgesOf, isInput, markShortcuts, nodeOf, summed, unitsOf } from './outline-nodes';
import { partOrder } from './part-order';

/**
 * A built model as stages, blocks or layers, with what reads what, and parameters and multiply-accumulates of each part.
 *
 * Stages and blocks follow from the layers' names ({@link placesByName}); blocks that are the same, one after the other,
 * are there once.
 *
 * @param detail `'blocks'` by default
 * @throws InvalidArgumentError as {@link inspectModel}, and for an unknown detail
 *
 * @example
 * modelOutline(createModel('resnext50_32x4d')).blocks[1]; // { name: 'layer1.1', last: 'layer1.2', repeats: 2, … }
 */
export function modelOutline(model: tf.LayersModel, detail: OutlineDetail = 'blocks'): ModelOutline {
  checkModel('modelOutline', model);
  if (!OUTLINE_DETAILS.includes(detail)) throw unknownChoice('detail', detail, OUTLINE_DETAILS);
  const { name, inputShape, params, macs } = inspectModel(model);
  const calls = layerCalls(model);
  const inner = calls.filter(({ layer }) => !isInput(layer));
  const places = placesOf(calls, inner);
  const order = orderOf(calls, inner, (call) => places.get(call)?.stage) as string[];
  const stages = order.map((stage): OutlinePart => {
    const own = inner.filter((call) => places.get(call)?.stage === stage);
    return { name: stage, ...summed(own) };
  });
  const units = unitsOf(calls, places, detail);
  const nodes = units.map((unit, index) => nodeOf(unit, index, places, detail));
  const edges = edgesOf(units, calls);
  const whole = { nodes, edges: markShortcuts(nodes, edges), blocks: [] };
  const configs = () => new Map(nodes.map(({ id }, index) => [id, units[index].map(configText).join()]));
  return {
    name,
    inputShape,
    params,
    macs,
    detail,
    stages,
    ...(detail === 'blocks' ? foldRepeats(whole, configs()) : whole),
  };
}

/** All that a layer is told to do, but for its name and for what its first weights are drawn from. */
function configText({ layer }: LayerCall): string {
  const config = Object.entries(layer.getConfig()).filter(
    ([key]) => key !== 'name' && !key.endsWith('Initializer'),
  );
  return `${layer.getClassName()} ${JSON.stringify(config)}`;
}

/** Stages and blocks by name, as far as they can be put one after the other: names need not say what reads what. */
function placesOf(calls: readonly LayerCall[], inner: readonly LayerCall[]): Places {
  const found = placesByName(
    inner.map(({ layer, outputShape }) => ({
      name: layer.name,
      size: outputShape.length === 3 ? outputShape.slice(0, 2).join('x') : '',
      isJoin: isJoin(layer),
    })),
  );
  const places = new Map(inner.map((call, index) => [call, found[index]]));
  if (orderOf(calls, inner, (call) => places.get(call)?.stage) === undefined) {
    return new Map(inner.map((call) => [call, { stage: 'layers' }]));
  }
  const blocksOf = new Map(inner.map((call) => [call, places.get(call)?.block]));
  if (orderOf(calls, inner, (call) => blocksOf.get(call)) !== undefined) return places;
  return new Map(found.map(({ stage }, index) => [inner[index], { stage }]));
}

function orderOf(
  calls: readonly LayerCall[],
  inner: readonly LayerCall[],
  part: (call: LayerCall) => string | undefined,
): string[] | undefined {
  const names = [...new Set(inner.map(part))].filter((name) => name !== undefined);
  const edges = inner.flatMap((call) =>
    call.inputs.flatMap((input): [string, string][] => {
      const [from, to] = [part(calls[input]), part(call)];
      return from === undefined || to === undefined ? [] : [[from, to]];
    }),
  );
  return partOrder(names, edges);
}
