import { checkGraph, checkText } from '../check-kinds';
import { checkOptions, type OptionNames } from '../check-options';
import { CardinalError, check } from '../errors';
import { nodesByName, type Graph, type GraphNode } from '../graph/graph';
import { OnnxBuilder, type ImageLayout, type Initializer } from './onnx-builder';
import {
  externalOffsets,
  fileOf,
  isExternal,
  LARGEST_ONNX_FILE,
  type ExternalDataOption,
} from './onnx-external';
import { encodeModel, type TensorInit } from './onnx-messages';
import { addOperation } from './onnx-operations';
import { absorbPadding } from './onnx-padding';

/** The operator set that the files are written in, and the version of the format that goes with it. */
export const ONNX_OPSET = 17;
const IR_VERSION = 8;

/** `TensorProto.DataLocation` of values in another file. */
const EXTERNAL = 1;

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

/** The names of {@link OnnxOptions}. */
const OPTIONS: OptionNames<OnnxOptions> = { layout: true, mean: true, std: true, metadata: true };

/**
 * A graph as an ONNX file: opset 17, float32, any batch, each grouped convolution one `Conv` with its `group`.
 *
 * Inputs and outputs have the names of the graph's values; images among them are `[batch, channels, height, width]` unless
 * `layout` says otherwise. What the graph makes of images in the order of their elements, such as flattening them, keeps
 * the graph's order: height, width, channels. `metadata_props` tells `layout`, and `mean` and `std` as JSON if given.
 * {@link verifyGraph} compares the graph with the model that it is of.
 *
 * Format: ONNX's `onnx.proto` and its Operators.md.
 *
 * @throws CardinalError for a graph of 2 GiB of weights or more, which {@link toOnnxFiles} writes to a file of their own
 * @throws InvalidArgumentError for an unknown layout, or `mean` or `std` of another length than the images have channels
 *
 * @example
 * const graph = foldBatchNorm(lowerModel(createModel('resnext_toy')));
 * await writeFile('resnext_toy.onnx', toOnnx(graph, { mean: dataset.mean, std: dataset.std }));
 */
export function toOnnx(graph: Graph, options: OnnxOptions = {}): Uint8Array {
  checkGraph('toOnnx', graph);
  checkOptions('toOnnx', options, OPTIONS);
  const { encode, initializers } = prepare(graph, options);
  const bytes = initializers.reduce((sum, { size }) => sum + size, 0);
  if (bytes > LARGEST_ONNX_FILE) {
    throw new CardinalError(
      `${graph.name} has ${bytes} bytes of weights and an ONNX file holds less than 2 GiB: write them as external data`,
    );
  }
  return encode(initializers.map(withValues));
}

/** What {@link toOnnxFiles} can be told. */
export interface OnnxFilesOptions extends OnnxOptions {
  /** Whether weights are in a file of their own, ONNX's external data; `'auto'` by default: from 2 GiB of them on. */
  readonly externalData?: ExternalDataOption;
}

const FILES_OPTIONS: OptionNames<OnnxFilesOptions> = { ...OPTIONS, externalData: true };

/** What the file with the weights of an ONNX file is called, as `torch.onnx.export` calls it. */
export function externalDataName(file: string): string {
  return `${file}.data`;
}

/**
 * As {@link toOnnx}, by the names of files in one folder: the model and, where weights are external data, the file that has
 * them, `NAME.data`. That one is given piece by piece, and each piece is made when it is asked for.
 *
 * Format: "External Data" in ONNX's docs, and `TensorProto.external_data` in `onnx.proto`.
 *
 * @param name of the model's file, without a folder
 * @throws CardinalError as {@link toOnnx} does, if `externalData` is false
 * @throws InvalidArgumentError as {@link toOnnx} does, or for another `externalData`
 *
 * @example
 * for (const [name, content] of toOnnxFiles(graph, 'wide.onnx')) await writeFile(`exports/${name}`, content);
 */
export function toOnnxFiles(
  graph: Graph,
  name: string,
  given: OnnxFilesOptions = {},
): ReadonlyMap<string, Uint8Array | Iterable<Uint8Array>> {
  checkGraph('toOnnxFiles', graph);
  checkText('name', "the name of the model's file", name);
  checkOptions('toOnnxFiles', given, FILES_OPTIONS);
  const { externalData = 'auto', ...options } = given;
  const { encode, initializers } = prepare(graph, options);
  const sizes = initializers.map(({ size }) => size);
  if (!isExternal(externalData, sizes)) return new Map([[name, toOnnx(graph, options)]]);
  const location = externalDataName(name);
  const offsets = externalOffsets(sizes);
  const tensors = initializers.map((initializer, i) => {
    const offset = offsets[i];
    return offset === undefined ? withValues(initializer) : elsewhere(initializer, location, offset);
  });
  const pieces = initializers.flatMap(({ read }, i) => {
    const offset = offsets[i];
    return offset === undefined ? [] : [{ offset, read }];
  });
  return new Map<string, Uint8Array | Iterable<Uint8Array>>([
    [location, fileOf(pieces)],
    [name, encode(tensors)],
  ]);
}

/** All of a file but its tensors, and those. */
function prepare(graph: Graph, options: OnnxOptions) {
  const { layout = 'nchw' } = options;
  check(LAYOUTS.includes(layout), 'layout', LAYOUTS.join(' or '), layout);
  const prepared = absorbPadding(graph);
  const builder = new OnnxBuilder(prepared, layout);
  const inputs = prepared.nodes.filter(({ op }) => op === 'input');
  const metadataProps = notes(inputs, { ...options, layout });
  const input = inputs.map((node) => builder.describe(node, builder.define(node.name, layout)));
  for (const node of prepared.nodes) addOperation(builder, node);
  const output = outputsOf(builder, prepared, layout);
  const encode = (initializer: TensorInit[]): Uint8Array =>
    encodeModel({
      irVersion: BigInt(IR_VERSION),
      opsetImport: [{ domain: '', version: BigInt(ONNX_OPSET) }],
      producerName: 'tfjs-cardinal',
      metadataProps,
      graph: { name: graph.name, node: builder.nodes, initializer, input, output },
    });
  return { encode, initializers: builder.initializers };
}

function withValues({ tensor, read }: Initializer): TensorInit {
  return { ...tensor, rawData: read() };
}

function elsewhere({ tensor, size }: Initializer, location: string, offset: number): TensorInit {
  const entries = { location, offset: String(offset), length: String(size) };
  return {
    ...tensor,
    dataLocation: EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  };
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
