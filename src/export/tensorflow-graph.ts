import { nodesByName, readersOf, type Graph, type GraphNode, type Shape } from '../graph/graph';
import { addConvolution, fusion, isFusable } from './tensorflow-convolution';
import { addFunction } from './tensorflow-functions';
import { FLOAT, INT32, NodeList, type Endpoint, type TensorflowGraph } from './tensorflow-nodes';
import { addPool } from './tensorflow-pooling';
import { TensorflowScope, type TensorflowDialect } from './tensorflow-scope';

/**
 * A graph in TensorFlow's operations: what a SavedModel and a tfjs GraphModel have in common. The batch stays free; inputs
 * and outputs have the names of the graph's, with `_` for what TensorFlow does not allow in one.
 *
 * @example
 * const { nodes } = toTensorflowGraph(foldBatchNorm(lowerModel(model)), { groups: 'native', fused: false });
 */
export function toTensorflowGraph(graph: Graph, dialect: TensorflowDialect): TensorflowGraph {
  const list = new NodeList();
  const byName = nodesByName(graph);
  // First of all, so that they have their own names, and parts of nodes those that are left.
  const names = new Map(graph.nodes.map(({ name }) => [name, list.reserve(name)]));
  const nameOf = (name: string): string => names.get(name) as string;
  const merged = dialect.fused ? mergedActivations(graph) : new Map<string, Activation>();
  const gone = new Set([...merged.values()].map(({ name }) => name));
  const values = new Values(list, (name) => nodeOf(byName, name), nameOf);
  for (const node of graph.nodes) {
    if (gone.has(node.name)) continue;
    const activation = merged.get(node.name);
    const { name } = activation ?? node;
    const flat = node.shape.length > 2 && isRowwise(node, values, byName);
    const own = flat ? list.reserve(`${nameOf(name)}/rows`) : nameOf(name);
    const inputs = node.inputs.map((input) => (flat ? values.rowsOf(input) : values.imageOf(input)));
    const shapes = node.inputs.map((input) => nodeOf(byName, input).shape);
    const scope = new TensorflowScope(list, own, dialect);
    const made = flat
      ? addNode(scope, { ...node, shape: rowShape(node.shape) }, inputs, shapes.map(rowShape), activation)
      : addNode(scope, node, inputs, shapes, activation);
    (flat ? values.rows : values.images).set(name, made);
  }
  const keys = new NodeList();
  const endpoint = (name: string, node: string): Endpoint => ({
    key: keys.reserve(nameOf(name).replace(/\W/g, '_')),
    node,
    shape: nodeOf(byName, name).shape,
  });
  const inputs = graph.nodes
    .filter(({ op }) => op === 'input')
    .map(({ name }) => endpoint(name, nameOf(name)));
  // TensorFlow does not put out what it is given, nor tfjs one value twice.
  const used = new Set(inputs.map(({ node }) => node));
  const outputs = graph.outputs.map((name) => {
    const value = values.imageOf(name);
    const node = used.has(value)
      ? list.add(list.reserve(`${value}/output`), 'Identity', [value], { T: FLOAT })
      : value;
    used.add(node);
    return endpoint(name, node);
  });
  return { nodes: list.nodes, inputs, outputs };
}

/** Nodes by the graph's names for the values that they compute, as images and as rows of channels, either when asked for. */
class Values {
  readonly images = new Map<string, string>();
  readonly rows = new Map<string, string>();

  constructor(
    private readonly list: NodeList,
    private readonly find: (name: string) => GraphNode,
    private readonly nameOf: (name: string) => string,
  ) {}

  imageOf(name: string): string {
    return (
      this.images.get(name) ??
      this.reshaped(this.images, name, this.nameOf(name), this.rows, this.find(name).shape)
    );
  }

  rowsOf(name: string): string {
    const own = `${this.nameOf(name)}/as_rows`;
    return (
      this.rows.get(name) ??
      this.reshaped(this.rows, name, this.list.reserve(own), this.images, rowShape(this.find(name).shape))
    );
  }

  private reshaped(
    to: Map<string, string>,
    name: string,
    own: string,
    from: Map<string, string>,
    shape: Shape,
  ): string {
    const scope = new TensorflowScope(this.list, own, { groups: 'native', fused: false });
    const made = reshapeTo(scope, from.get(name) as string, shape);
    to.set(name, made);
    return made;
  }
}

/**
 * Whether a node is computed on rows of channels: products must be, and what follows them is, so that nothing stands between
 * a product and what TensorFlow takes into it.
 */
function isRowwise(node: GraphNode, values: Values, byName: ReadonlyMap<string, GraphNode>): boolean {
  const [first] = node.inputs;
  if (node.op === 'linear') return true;
  if (node.op === 'activation') return values.rows.has(first);
  const shapes = node.inputs.map((name) => nodeOf(byName, name).shape.join());
  return node.op === 'add' && new Set(shapes).size === 1 && node.inputs.some((name) => values.rows.has(name));
}

function rowShape(shape: Shape): Shape {
  return [null, shape[shape.length - 1] as number];
}

function nodeOf(byName: ReadonlyMap<string, GraphNode>, name: string): GraphNode {
  return byName.get(name) as GraphNode;
}

type Activation = Extract<GraphNode, { op: 'activation' }>;

/** Activations that are the only reader of a convolution or product, by the name of that. */
function mergedActivations(graph: Graph): Map<string, Activation> {
  const byName = nodesByName(graph);
  const readers = readersOf(graph);
  const merged = new Map<string, Activation>();
  for (const node of graph.nodes) {
    if (node.op !== 'activation' || !isFusable(node.function)) continue;
    const [before] = node.inputs;
    const { op } = byName.get(before) as GraphNode;
    if ((op === 'conv2d' || op === 'linear') && readers.get(before) === 1) merged.set(before, node);
  }
  return merged;
}

function addNode(
  scope: TensorflowScope,
  node: GraphNode,
  inputs: readonly string[],
  shapes: readonly Shape[],
  activation: Activation | undefined,
): string {
  const [x] = inputs;
  const [shape] = shapes;
  switch (node.op) {
    case 'input':
      return scope.last('Placeholder', [], { dtype: FLOAT, shape: { shape: node.shape } });
    case 'conv2d':
      return addConvolution(scope, node, x, shape, activation?.function);
    case 'linear':
      return addLinear(scope, node, x, activation);
    case 'affine': {
      const scaled = scope.part('scaled', 'Mul', [x, scope.weight('scale', node.scale)]);
      return scope.last('AddV2', [scaled, scope.weight('shift', node.shift)]);
    }
    case 'layerNorm':
      return addLayerNorm(scope, node, x);
    case 'activation':
      return addFunction(scope, node.function, x);
    case 'add':
      // TensorFlow takes this one into the convolution before it without proof of equal shapes, which a free batch lacks.
      if (!scope.dialect.fused && shapes.every((other) => other.join() === shape.join()))
        return scope.last('AddN', inputs, { T: FLOAT, N: { int: inputs.length } });
      return scope.last('AddV2', inputs);
    case 'multiply':
      return scope.last('Mul', inputs);
    case 'concat':
      return scope.last('ConcatV2', [...inputs, scope.integers('axis', shape.length - 1)], {
        T: FLOAT,
        Tidx: INT32,
        N: { int: inputs.length },
      });
    case 'maxPool':
    case 'averagePool':
      return addPool(scope, node, x, shape);
    case 'globalAverage':
      return mean(scope, undefined, x, [1, 2], node.keepsAxes);
    case 'pad':
      return scope.last('Pad', [x, scope.padding('paddings', node.padding)], { T: FLOAT, Tpaddings: INT32 });
    case 'slice': {
      const begin = scope.integers('begin', [0, ...node.begin]);
      const size = scope.integers('size', node.shape.map((length) => length ?? -1)); // prettier-ignore
      return scope.last('Slice', [x, begin, size], { T: FLOAT, Index: INT32 });
    }
    case 'transpose':
      return scope.last('Transpose', [x, scope.integers('order', [0, ...node.axes])], {
        T: FLOAT,
        Tperm: INT32,
      });
    case 'shuffle':
      return addShuffle(scope, node, x);
    case 'reshape':
      return reshapeTo(scope, x, node.shape);
  }
}

function addLinear(
  scope: TensorflowScope,
  { kernel, bias }: Extract<GraphNode, { op: 'linear' }>,
  rows: string,
  activation: Activation | undefined,
): string {
  const inputs = [rows, scope.kernel('kernel', kernel)];
  const attributes = { T: FLOAT, transpose_a: { bool: false }, transpose_b: { bool: false } };
  if (bias === undefined && activation === undefined) return scope.last('MatMul', inputs, attributes);
  const zeros = () => new Float32Array(kernel.shape[1]);
  const added = scope.weight('bias', bias ?? { shape: [kernel.shape[1]], data: zeros() });
  if (scope.dialect.fused) {
    return scope.last('_FusedMatMul', [...inputs, added], { ...attributes, ...fusion(activation?.function) });
  }
  const product = scope.part('product', 'MatMul', inputs, attributes);
  return scope.last('BiasAdd', [product, added], { T: FLOAT, data_format: { string: 'NHWC' } });
}

function addLayerNorm(
  scope: TensorflowScope,
  { gamma, beta, epsilon, shape }: Extract<GraphNode, { op: 'layerNorm' }>,
  x: string,
): string {
  const axis = shape.length - 1;
  const centred = scope.part('centred', 'Sub', [x, mean(scope, 'mean', x, [axis], true)]);
  const variance = mean(scope, 'variance', scope.part('squares', 'Square', [centred]), [axis], true);
  const lifted = scope.part('lifted', 'AddV2', [variance, scope.scalar('epsilon', epsilon)]);
  const normal = scope.part('normal', 'Mul', [centred, scope.part('deviation', 'Rsqrt', [lifted])]);
  const scaled = scope.part('scaled', 'Mul', [normal, scope.weight('gamma', gamma)]);
  return scope.last('AddV2', [scaled, scope.weight('beta', beta)]);
}

/** Channels as groups of rows, and those transposed. */
function addShuffle(
  scope: TensorflowScope,
  { groups, shape }: Extract<GraphNode, { op: 'shuffle' }>,
  x: string,
): string {
  const each = (shape[shape.length - 1] as number) / groups;
  const grouped = scope.reshape('grouped', x, [-1, groups, each]);
  const order = scope.integers('order', [0, 2, 1]);
  const transposed = scope.part('transposed', 'Transpose', [grouped, order], { T: FLOAT, Tperm: INT32 });
  return reshapeTo(scope, transposed, shape);
}

function reshapeTo(scope: TensorflowScope, x: string, shape: Shape): string {
  const lengths = scope.integers('shape', shape.map((length) => length ?? -1)); // prettier-ignore
  return scope.last('Reshape', [x, lengths], { T: FLOAT, Tshape: INT32 });
}

function mean(
  scope: TensorflowScope,
  part: string | undefined,
  x: string,
  axes: readonly number[],
  keepsAxes: boolean,
): string {
  const given = [x, scope.integers(`${part === undefined ? '' : `${part}/`}axes`, axes)];
  const attributes = { T: FLOAT, Tidx: INT32, keep_dims: { bool: keepsAxes } };
  return part === undefined
    ? scope.last('Mean', given, attributes)
    : scope.part(part, 'Mean', given, attributes);
}
