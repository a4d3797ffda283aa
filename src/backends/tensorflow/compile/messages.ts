import {
  protobufs,
  type AttrValue,
  type GraphDef,
  type NodeDef,
  type SignatureDef,
  type TensorShape,
} from './protobufs';

/** The tag under which a session finds a graph. */
export const TAG = 'serve';

/** What a SavedModel without variables is made of. */
export interface SavedModelParts {
  readonly graph: GraphDef;
  /** Of TensorFlow, as the file is to name it. */
  readonly version?: string;
  /** By name. */
  readonly signatures?: ReadonlyMap<string, SignatureDef>;
}

/** The bytes of a SavedModel. */
export function savedModelMessage({ graph, version, signatures = new Map() }: SavedModelParts): Uint8Array {
  const pb = protobufs();
  const info = new pb.MetaGraphDef.MetaInfoDef();
  info.addTags(TAG);
  if (version !== undefined) info.setTensorflowVersion(version);
  const metaGraph = new pb.MetaGraphDef();
  metaGraph.setMetaInfoDef(info);
  metaGraph.setGraphDef(graph);
  for (const [name, signature] of signatures) metaGraph.getSignatureDefMap().set(name, signature);
  const savedModel = new pb.SavedModel();
  savedModel.setSavedModelSchemaVersion(1);
  savedModel.addMetaGraphs(metaGraph);
  return savedModel.serializeBinary();
}

export function newNode(name: string, operation: string): NodeDef {
  const node = new (protobufs().NodeDef)();
  node.setName(name);
  node.setOp(operation);
  return node;
}

/** The value of a constant: its elements as they lie in memory. */
export function tensorValue(dtype: number, shape: readonly number[], bytes: Uint8Array): AttrValue {
  const pb = protobufs();
  const tensor = new pb.Tensor();
  tensor.setDtype(dtype);
  tensor.setTensorShape(shapeOf(shape));
  tensor.setTensorContent(bytes);
  const value = new pb.AttrValue();
  value.setTensor(tensor);
  return value;
}

export function typeValue(dtype: number): AttrValue {
  const value = new (protobufs().AttrValue)();
  value.setType(dtype);
  return value;
}

export function shapeValue(shape: readonly number[]): AttrValue {
  const value = new (protobufs().AttrValue)();
  value.setShape(shapeOf(shape));
  return value;
}

export function shapeOf(shape: readonly number[]): TensorShape {
  const pb = protobufs();
  const message = new pb.TensorShape();
  message.setDimList(
    shape.map((size) => {
      const dimension = new pb.TensorShape.Dim();
      dimension.setSize(size);
      return dimension;
    }),
  );
  return message;
}
