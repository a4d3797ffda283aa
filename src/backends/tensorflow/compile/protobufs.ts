// TensorFlow's messages as tfjs-node ships them, without types: these are the parts that are used here.

export interface TensorShape {
  setDimList(dimensions: { setSize(size: number): void }[]): void;
}

interface Tensor {
  setDtype(dtype: number): void;
  setTensorShape(shape: TensorShape): void;
  setTensorContent(bytes: Uint8Array): void;
}

interface ListValue {
  setSList(base64: string[]): void;
  setIList(values: number[]): void;
  setFList(values: number[]): void;
  setBList(values: boolean[]): void;
}

export interface AttrValue {
  setType(dtype: number): void;
  setShape(shape: TensorShape): void;
  setTensor(tensor: Tensor): void;
  setS(base64: string): void;
  setI(value: number): void;
  setF(value: number): void;
  setB(value: boolean): void;
  setList(list: ListValue): void;
}

export interface NodeDef {
  setName(name: string): void;
  setOp(operation: string): void;
  setInputList(inputs: string[]): void;
  getAttrMap(): { set(name: string, value: AttrValue): void };
}

interface VersionDef {
  setProducer(version: number): void;
  setMinConsumer(version: number): void;
}

export interface GraphDef {
  addNode(node: NodeDef): void;
  setVersions(versions: VersionDef): void;
}

export interface TensorInfo {
  setName(value: string): void;
  setDtype(dtype: number): void;
  setTensorShape(shape: TensorShape): void;
}

interface MessageMap<T> {
  set(key: string, message: T): void;
}

export interface SignatureDef {
  setMethodName(name: string): void;
  getInputsMap(): MessageMap<TensorInfo>;
  getOutputsMap(): MessageMap<TensorInfo>;
}

interface MetaInfoDef {
  addTags(tag: string): void;
  setTensorflowVersion(version: string): void;
}

interface MetaGraphDef {
  setMetaInfoDef(info: MetaInfoDef): void;
  setGraphDef(graph: GraphDef): void;
  getSignatureDefMap(): MessageMap<SignatureDef>;
}

interface SavedModel {
  setSavedModelSchemaVersion(version: number): void;
  addMetaGraphs(metaGraph: MetaGraphDef): void;
  serializeBinary(): Uint8Array;
}

interface Protobufs {
  readonly AttrValue: (new () => AttrValue) & { readonly ListValue: new () => ListValue };
  readonly GraphDef: new () => GraphDef;
  readonly MetaGraphDef: (new () => MetaGraphDef) & { readonly MetaInfoDef: new () => MetaInfoDef };
  readonly NodeDef: new () => NodeDef;
  readonly SignatureDef: new () => SignatureDef;
  readonly SavedModel: new () => SavedModel;
  readonly Tensor: new () => Tensor;
  readonly TensorInfo: new () => TensorInfo;
  readonly TensorShape: (new () => TensorShape) & {
    readonly Dim: new () => { setSize(size: number): void };
  };
  readonly VersionDef: new () => VersionDef;
}

/** Loaded on first use: they are half a megabyte of generated code. */
export function protobufs(): Protobufs {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- lazily, and tfjs-node is an optional peer
  return require('@tensorflow/tfjs-node/dist/proto/api_pb.js') as Protobufs;
}
