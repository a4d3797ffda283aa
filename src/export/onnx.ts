import { CardinalError, check } from '../errors';
import { nodesByName, weightsOf, type Graph, type GraphNode } from '../graph/graph';
import { OnnxBuilder, type ImageLayout } from './onnx-builder';
import { encodeModel } from './onnx-messages';
import { addOperation } from './onnx-operations';
import { absorbPadding } from './onnx-padding';

/** The operator set that the files are written in, and the version of the format that goes with it. */
export const ONNX_OPSET = 17;
const IR_VERSION = 8;

/** Of a message of protobuf, in bytes; what is not weights takes far less than the last MiB. */
const LARGEST_FILE = 2 ** 31 - 2 ** 20;

const LAYOUTS: readonly ImageLayout[] = ['nchw', 'nhwc'];

/** What {@link toOnnx} can be told. */
export interface OnnxOptions {
  /** The layout of images that go in and come out: `nchw`, PyTorch's, by default, or `nhwc`, TensorFlow's. */
  readonly layout?: ImageLayout;
  /** Mean of each channel that the caller takes off, of pixels scaled to [0, 1]: noted in the file, not computed by it. */
  readonly mean?: readonly number[];
  /** Standard deviation of each channel that the caller divides by, likewise noted. */
  readonly std?: readonly number[];
  /** More notes for the file's `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * A graph as an ONNX file: opset 17, float32, any batch, each grouped convolution one `Conv` with its `group`.
 *
 * Inputs and outputs have the names of the graph's values; images among them are `[batch, channels, height, width]` unless
 * `layout` says otherwise. What the graph makes of images in the order of their elements, such as flattening them, keeps
 * the graph's order: height, width, channels. `metadata_props` tells `layout`, and `mean` and `std` as JSON if given.
 *
 * Format: ONNX's `onnx.proto` and its Operators.md.
 *
 * @throws CardinalError for a graph of 2 GiB of weights or more, which is more than one ONNX file can hold
 * @throws InvalidArgumentError for an unknown layout, or `mean` or `std` of another length than the images have channels
 *
 * @example
 * const graph = foldBatchNorm(lowerModel(createModel('resnext_toy')));
 * await writeFile('resnext_toy.onnx', toOnnx(graph, { mean: dataset.mean, std: dataset.std }));
 */
export function toOnnx(graph: Graph, options: OnnxOptions = {}): Uint8Array {
  const { layout = 'nchw' } = options;
  check(LAYOUTS.includes(layout), 'layout', LAYOUTS.join(' or '), layout);
  checkSize(graph);
  const prepared = absorbPadding(graph);
  const builder = new OnnxBuilder(prepared, layout);
  const inputs = prepared.nodes.filter(({ op }) => op === 'input');
  const metadataProps = notes(inputs, { ...options, layout });
  const input = inputs.map((node) => builder.describe(node, builder.define(node.name, layout)));
  for (const node of prepared.nodes) addOperation(builder, node);
  const output = outputsOf(builder, prepared, layout);
  const { nodes: node, initializers: initializer } = builder;
  return encodeModel({
    irVersion: BigInt(IR_VERSION),
    opsetImport: [{ domain: '', version: BigInt(ONNX_OPSET) }],
    producerName: 'tfjs-cardinal',
    metadataProps,
    graph: { name: graph.name, node, initializer, input, output },
  });
}

function checkSize({ name, nodes }: Graph): void {
  const weights = nodes.flatMap(weightsOf).reduce((sum, [, { data }]) => sum + data.length, 0);
  if (weights * 4 <= LARGEST_FILE) return;
  throw new CardinalError(`${name} has ${weights} weights of 4 bytes: an ONNX file holds less than 2 GiB`);
}

function outputsOf(builder: OnnxBuilder, graph: Graph, layout: ImageLayout) {
  const nodes = nodesByName(graph);
  const taken = new Set(graph.nodes.filter(({ op }) => op === 'input').map(({ name }) => name));
  return graph.outputs.map((value) => {
    let name = builder.read(value, layout);
    // To ONNX an output is one value, and no input.
    if (taken.has(name)) name = builder.add('Identity', [name], builder.unique(`${name}/Identity`));
    taken.add(name);
    return builder.describe(nodes.get(value) as GraphNode, name);
  });
}

function notes(inputs: readonly GraphNode[], { layout, mean, std, metadata }: OnnxOptions) {
  const channels = inputs[0].shape.at(-1) as number;
  const texts: Record<string, string> = { ...metadata, layout: (layout as string).toUpperCase() };
  for (const [key, values] of Object.entries({ mean, std })) {
    if (values === undefined) continue;
    check(values.length === channels, key, `${channels} numbers, one a channel`, values);
    texts[key] = JSON.stringify(values);
  }
  return Object.entries(texts).map(([key, value]) => ({ key, value }));
}
