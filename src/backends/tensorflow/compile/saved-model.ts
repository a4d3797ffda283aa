import { NotCompilableError } from '../../step-compiler';
import { type Binding, type BoundAttribute } from './binding';
import { type RecordedConstant, type RecordedOperation, type Recording } from './record';
import { newNode, savedModelMessage, shapeValue, tensorValue, typeValue } from './messages';
import { protobufs, type AttrValue, type NodeDef } from './protobufs';

/** A tensor that is given to the graph at each run. */
export interface Placeholder {
  readonly name: string;
  readonly dtype: number;
  readonly shape: readonly number[];
}

// Between eager calls TensorFlow infers these from the inputs; in a graph they must be there. tfjs-node leaves them out.
const INFERRED_FROM_FIRST_INPUT: Readonly<Record<string, string>> = {
  Bitcast: 'T',
  ExpandDims: 'T',
  Where: 'T',
};

/** A recording as the bytes of a SavedModel without variables, which a session can load. */
export function savedModelOf(
  recording: Recording,
  placeholders: readonly Placeholder[],
  binding: Binding,
): Uint8Array {
  const graph = new (protobufs().GraphDef)();
  for (const { name, dtype, shape } of placeholders) {
    const node = newNode(name, 'Placeholder');
    node.getAttrMap().set('dtype', typeValue(dtype));
    node.getAttrMap().set('shape', shapeValue(shape));
    graph.addNode(node);
  }
  for (const node of recording.nodes) {
    graph.addNode(node.kind === 'constant' ? constantNode(node) : operationNode(node, binding));
  }
  return savedModelMessage({ graph });
}

function constantNode({ name, shape, dtype, bytes }: RecordedConstant): NodeDef {
  const node = newNode(name, 'Const');
  node.getAttrMap().set('dtype', typeValue(dtype));
  node.getAttrMap().set('value', tensorValue(dtype, shape, bytes));
  return node;
}

function operationNode(recorded: RecordedOperation, binding: Binding): NodeDef {
  const { name, operation, attributes, inputs, inputTypes } = recorded;
  const node = newNode(name, operation);
  node.setInputList([...inputs]);
  const given = new Set(attributes.map((attribute) => attribute.name));
  const inferred = INFERRED_FROM_FIRST_INPUT[operation];
  if (inferred !== undefined && !given.has(inferred)) {
    node.getAttrMap().set(inferred, typeValue(inputTypes[0]));
  }
  for (const attribute of attributes) {
    node.getAttrMap().set(attribute.name, attributeValue(attribute, operation, binding));
  }
  return node;
}

function attributeValue(
  { name, type, value }: BoundAttribute,
  operation: string,
  binding: Binding,
): AttrValue {
  const pb = protobufs();
  const result = new pb.AttrValue();
  const list = Array.isArray(value) ? new pb.AttrValue.ListValue() : undefined;
  if (list !== undefined && type !== binding.TF_ATTR_SHAPE) result.setList(list);
  switch (type) {
    case binding.TF_ATTR_TYPE:
      return typeValue(value as number);
    case binding.TF_ATTR_SHAPE:
      return shapeValue(value as number[]);
    case binding.TF_ATTR_STRING:
      result.setS(Buffer.from(value as string).toString('base64'));
      return result;
    case binding.TF_ATTR_INT:
      if (list === undefined) result.setI(value as number);
      else list.setIList(value as number[]);
      return result;
    case binding.TF_ATTR_FLOAT:
      if (list === undefined) result.setF(value as number);
      else list.setFList(value as number[]);
      return result;
    case binding.TF_ATTR_BOOL:
      if (list === undefined) result.setB(value as boolean);
      else list.setBList(value as boolean[]);
      return result;
    default:
      throw new NotCompilableError(
        `attribute ${name} of ${operation} is of a kind that no graph can hold yet`,
      );
  }
}
