import type { OnnxModel } from '../export/onnx-messages';
import { OnnxError } from './onnx-error';
import { externalLocation, externalPlace, type ExternalData, type TensorMessage } from './onnx-tensors';

type GraphMessage = NonNullable<OnnxModel['graph']>;

/** The paths of all files beside the model's own that its tensors are in. */
export function externalLocations(model: OnnxModel): string[] {
  const locations = tensorsOf(model).map(externalLocation);
  return [...new Set(locations.filter((location) => location !== undefined))];
}

/**
 * Holds the files beside the model's own against what the model says of them, tensors that nothing reads included: each tensor is
 * within its file, and each file ends where the last of its tensors does. What writes such files (`torch.onnx`, `onnx`, ONNX
 * Runtime, this package) aligns where tensors begin and adds nothing behind the last one.
 *
 * @throws OnnxError naming the tensor, or the file
 */
export function checkExternalFiles(model: OnnxModel, external: ExternalData): void {
  const ends = new Map<string, number>();
  for (const tensor of tensorsOf(model)) {
    const location = externalLocation(tensor);
    if (location === undefined) continue;
    const place = externalPlace(tensor, external);
    ends.set(location, Math.max(ends.get(location) ?? 0, place.offset + place.length));
  }
  for (const [location, end] of ends) {
    const { length } = external.get(location)!;
    if (length === end) continue;
    throw new OnnxError(
      `the file '${location}' is not the one that the model was written with: expected ${end} bytes, where the last of its ` +
        `tensors ends. Received: ${length}.`,
    );
  }
}

/** Those of all graphs, the ones within nodes included, and of nodes' attributes. */
function tensorsOf(model: OnnxModel): TensorMessage[] {
  const tensors: TensorMessage[] = [];
  const graphs = new Set<GraphMessage>(model.graph === undefined ? [] : [model.graph]);
  const ofNodes = (nodes: GraphMessage['node']): void => {
    for (const { t, tensors: list, sparseTensor, g, graphs: inner } of nodes.flatMap(
      (node) => node.attribute,
    )) {
      for (const tensor of [t, ...list, sparseTensor?.values, sparseTensor?.indices]) {
        if (tensor !== undefined) tensors.push(tensor);
      }
      for (const graph of [g, ...inner]) if (graph !== undefined) graphs.add(graph);
    }
  };
  for (const { node } of model.functions) ofNodes(node);
  // A set goes on to what is added to it meanwhile.
  for (const { initializer, sparseInitializer, node } of graphs) {
    for (const tensor of initializer) tensors.push(tensor);
    for (const { values, indices } of sparseInitializer) {
      for (const tensor of [values, indices]) if (tensor !== undefined) tensors.push(tensor);
    }
    ofNodes(node);
  }
  return tensors;
}
