import { decodeModel, type OnnxModel } from '../export/onnx-messages';
import { insteadOf } from '../file-kinds';
import { Attributes, type NodeMessage, type OnnxNode } from './onnx-attributes';
import { OnnxError } from './onnx-error';
import { checkExternalFiles } from './onnx-external';
import { moduleOf } from './onnx-names';
import { readTensor, typeName, type Constant, type ExternalData } from './onnx-tensors';

/** The operator sets between which the operators read here mean the same. */
export const OPSETS = { oldest: 13, newest: 28 };

const STANDARD_DOMAINS: ReadonlySet<string> = new Set(['', 'ai.onnx']);

/** What comes in or goes out of a graph. */
export interface OnnxPort {
  readonly name: string;
  /** `undefined` where the file leaves a length open, or gives no shape at all. */
  readonly lengths?: readonly (number | undefined)[];
  /** The number of its elements' type. */
  readonly type: number;
}

/** What an ONNX file says, checked and without its encoding. */
export interface OnnxGraph {
  readonly name: string;
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly string[];
  readonly nodes: readonly OnnxNode[];
  /** The initialiser of a name, or `undefined`. */
  readonly initializer: (name: string) => Constant | undefined;
  /** The `metadata_props` of the file. */
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * The message in a file's bytes.
 *
 * @throws OnnxError for bytes that are no ONNX model
 */
export function parseOnnx(bytes: Uint8Array): OnnxModel {
  let model: OnnxModel;
  try {
    model = decodeModel(bytes);
  } catch (error) {
    throw notOnnx(bytes, (error as Error).message, error);
  }
  if (model.graph === undefined || model.opsetImport.length === 0) {
    throw notOnnx(bytes, 'there is no graph or no operator set in them');
  }
  return model;
}

function notOnnx(bytes: Uint8Array, problem: string, cause?: unknown): OnnxError {
  const instead = insteadOf('onnx', bytes) ?? `no ONNX model, or a damaged one: ${problem}`;
  return new OnnxError(`the bytes are ${instead}.`, { cause });
}

/**
 * @throws OnnxError for an operator set that is too old or too new, for files beside it that are not those that it names, or for what a graph of layers cannot have
 */
export function readGraph(model: OnnxModel, external: ExternalData): OnnxGraph {
  checkOpset(model);
  checkExternalFiles(model, external);
  const graph = model.graph as NonNullable<OnnxModel['graph']>;
  if (graph.sparseInitializer.length > 0)
    throw new OnnxError('the file has sparse initialisers, which are not read here.');
  const messages = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const read = new Map<string, Constant>();
  const initializer = (name: string): Constant | undefined => {
    const message = messages.get(name);
    if (message === undefined) return undefined;
    const constant = read.get(name) ?? readTensor(message, external);
    read.set(name, constant);
    return constant;
  };
  return {
    name: graph.name,
    inputs: graph.input.filter(({ name }) => !messages.has(name)).map(port),
    outputs: graph.output.map(({ name }) => name),
    nodes: graph.node.map(node),
    initializer,
    metadata: new Map(model.metadataProps.map(({ key, value }) => [key, value])),
  };
}

function checkOpset(model: OnnxModel): void {
  const { oldest, newest } = OPSETS;
  const opset = model.opsetImport.find(({ domain }) => STANDARD_DOMAINS.has(domain));
  const version = Number(opset?.version ?? 0);
  if (version >= oldest && version <= newest) return;
  const advice =
    version < oldest
      ? 'onnx.version_converter, or exporting it again, gives a newer one'
      : 'export it for an older one';
  throw new OnnxError(
    `the file is of operator set ${version}; ${oldest} to ${newest} are read here: ${advice}.`,
  );
}

function port({ name, type }: NonNullable<OnnxModel['graph']>['input'][number]): OnnxPort {
  if (type?.value.case !== 'tensorType') throw new OnnxError(`input ${name} is no tensor.`);
  const { elemType, shape } = type.value.value;
  if (typeName(elemType) === undefined)
    throw new OnnxError(`input ${name} has elements of type ${elemType}, which are not read here.`);
  const dims = shape?.dim;
  return {
    name,
    type: elemType,
    lengths: dims?.map(({ value }) => (value.case === 'dimValue' ? Number(value.value) : undefined)),
  };
}

function node(message: NodeMessage): OnnxNode {
  const { opType, domain, name, input, output } = message;
  return {
    op: STANDARD_DOMAINS.has(domain) ? opType : `${domain}::${opType}`,
    name: name || output[0] || opType,
    inputs: input,
    outputs: output,
    attributes: Attributes.read(message),
    module: moduleOf(message),
  };
}
