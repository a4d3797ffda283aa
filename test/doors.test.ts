import * as tf from '@tensorflow/tfjs';
import * as models from '../models';
import * as diagrams from '../src/diagrams';
import { CardinalError } from '../src/errors';
import * as library from '../src/index';
import * as node from '../src/node';
import { madeDataset } from './data/made-data';

// Whatever is given to a public function in place of what it wants, the answer is a sentence with what it wants and what came.

const layersModel = tf.sequential({
  name: 'small',
  layers: [tf.layers.dense({ units: 2, inputShape: [3] })],
});
const graph = library.lowerModel(layersModel);
const dataset = madeDataset([0, 1, 0, 1]);

/** Everything that callers take for something else, by what an error calls it. */
const THINGS: Readonly<Record<string, unknown>> = {
  undefined,
  null: null,
  number: 3,
  text: 'text',
  true: true,
  list: [1, 2],
  object: {},
  map: new Map(),
  bytes: new Uint8Array(8),
  function: () => 1,
  promise: Promise.resolve(1),
  tensor: tf.zeros([1, 2]),
  symbolicTensor: tf.input({ shape: [3] }),
  layer: tf.layers.reLU(),
  layersModel,
  unbuiltModel: tf.sequential(),
  graphModel: new tf.GraphModel(tf.io.fromMemory({ modelTopology: {} })),
  optimizedModel: { engine: 'tfjs', tried: [], predict: () => 1, dispose: () => 1 },
  graph,
  dataset,
};

/** One argument: a right value of it, and the things that are right as well or judged elsewhere. */
interface Argument {
  readonly right: unknown;
  readonly taken: readonly string[];
  readonly isOptions?: true;
}

const argument = (right: unknown, ...taken: string[]): Argument => ({ right, taken });
const model = argument(layersModel, 'layersModel');
const tensor = argument(tf.zeros([1, 4, 4, 2]), 'tensor');
const filter = argument(tf.zeros([1, 1, 2, 2]), 'tensor');
const data = argument(dataset, 'dataset');
const lowered = argument(graph, 'graph');
const text = argument('text', 'text');
const shape = argument([1, 4, 4, 2], 'list');
const map = argument(new Map(), 'map');
const whole = argument(3, 'number');
const form = argument(diagrams.convolutionForm({ inChannels: 2, outChannels: 2 }));
const options = (right: object = {}): Argument => ({
  right,
  taken: ['undefined', 'object'],
  isOptions: true,
});
const required = (right: object): Argument => ({ right, taken: ['object'], isOptions: true });
const optional = ({ right, taken }: Argument): Argument => ({ right, taken: [...taken, 'undefined'] });

/** By name, the arguments of each public function and class that takes any. */
const DOORS: Readonly<Record<string, readonly Argument[]>> = {
  convMacs: [argument(library.convSpec([1, 4, 4, 2], [1, 1, 2, 2]))],
  convParameters: [required({ inChannels: 2, outChannels: 2, kernelSize: [1, 1] })],
  convSpec: [shape, shape, options()],
  explain: [required({ inputShape: [1, 4, 4, 2], filterShape: [1, 1, 2, 2] })],
  groupedConv2d: [tensor, filter, options()],
  groupedConv2dBackpropFilter: [tensor, tensor, shape, options()],
  groupedConv2dBackpropInput: [shape, tensor, filter, options()],
  gelu: [tensor],
  hardSigmoid: [tensor],
  hardSwish: [tensor],
  silu: [tensor],
  GroupedConv2D: [required({ filters: 2, kernelSize: 1 })],
  groupedConv2D: [required({ filters: 2, kernelSize: 1 })],
  batchNormalization: [options()],
  ChannelShuffle: [required({ groups: 2 })],
  channelShuffle: [required({ groups: 2 })],
  ChannelSlice: [required({ begin: 0, size: 2 })],
  channelSlice: [required({ begin: 0, size: 2 })],
  DepthwiseSeparableConv2D: [required({ filters: 2 })],
  depthwiseSeparableConv2D: [required({ filters: 2 })],
  DropPath: [required({ rate: 0.5 })],
  dropPath: [required({ rate: 0.5 })],
  HardSwish: [options()],
  hardSwishLayer: [options()],
  LayerScale: [options()],
  layerScale: [options()],
  ConstantOperand: [required({ operation: 'add', shape: [2] })],
  constantOperand: [required({ operation: 'add', shape: [2] })],
  ElementFunction: [required({ function: 'abs' })],
  elementFunction: [required({ function: 'abs' })],
  TakePositions: [required({ axis: 1, positions: [0] })],
  takePositions: [required({ axis: 1, positions: [0] })],
  verifyGraph: [model, lowered],
  SqueezeExcite: [required({ squeezeChannels: 2 })],
  squeezeExcite: [required({ squeezeChannels: 2 })],
  toGraphModel: [lowered, options()],
  loadGraphModel: [text, options()],
  assignTorchTensors: [model, map, options()],
  torchTensors: [model],
  foldBatchNorm: [lowered],
  GraphRunner: [lowered],
  lowerModel: [model],
  inspectModel: [model],
  useBackend: [argument('cpu', 'undefined')],
  batches: [data, required({ batchSize: 2 })],
  loadCifar10: [options({ source: '/nowhere' })],
  split: [data, required({ validation: 2, seed: 1 })],
  subset: [data, required({ count: 2, seed: 1 })],
  loadImageFolder: [text, required({ resize: 8, size: 8, mean: [0, 0, 0], std: [1, 1, 1] })],
  evaluate: [model, data, options()],
  train: [model, argument({ train: dataset }), options()],
  loadRunWeights: [model, text, argument('best', 'undefined')],
  readCheckpoint: [text, argument('best')],
  readResult: [text],
  readRunConfig: [text],
  modelDescription: [argument(layersModel, 'layersModel', 'unbuiltModel', 'graphModel')],
  loadLayersModel: [text],
  toOnnx: [lowered, options()],
  toOnnxFiles: [lowered, text, options()],
  toSavedModel: [lowered],
  saveLayersModel: [model, text, options()],
  loadKerasFile: [text],
  importOnnx: [argument(new Uint8Array(8), 'bytes'), options()],
  importOnnxFile: [text, options()],
  loadWeights: [model, argument(new Map(), 'text', 'bytes', 'map'), options()],
  loadTorchWeights: [model, argument(new Map(), 'text', 'map'), options()],
  saveTorchWeights: [model, text],
  optimizeForInference: [model, options()],
  readSafetensors: [text],
  writeSafetensors: [text, map, optional(map)],
  listModels: [optional(text)],
  modelInfo: [argument('resnet18')],
  createModel: [argument('resnet18'), options()],
  featureInfo: [argument('resnet18')],
  freeze: [model, argument('dense')],
  unfreeze: [model],
  resetClassifier: [model, whole, options()],
  formArithmetic: [form],
  connectivityOf: [form],
  connectivityDiagram: [form],
  alternativeForms: [required({ inChannels: 2, outChannels: 2 })],
  convolutionForm: [required({ inChannels: 2, outChannels: 2 })],
  separableForm: [required({ inChannels: 2, outChannels: 2 })],
  formOptions: [form],
  formTitle: [form],
  modelDiagram: [model, argument('blocks', 'undefined')],
  outlineDiagram: [argument(diagrams.modelOutline(layersModel))],
  modelOutline: [model, argument('blocks', 'undefined')],
  readConvolution: [model, argument('conv')],
  blockForms: [argument(undefined)],
  readResNeXtBlock: [model, argument('block')],
  resnextBlockDiagram: [model, argument('block')],
};

/** Those that take nothing, answer a question about anything, or are errors. */
const OPEN = [
  'CardinalError InvalidArgumentError InterruptedError OnnxError SafetensorsError',
  'accelerate restore isAccelerated enableKerasGroups isModelName loadTfjsNode tensorflowVersion installNodeShims',
].flatMap((names) => names.split(' '));

const EXPORTS: Readonly<Record<string, unknown>> = { ...library, ...node, ...models, ...diagrams };
const callables = Object.entries(EXPORTS).filter(([, value]) => typeof value === 'function');

async function callWith(name: string, args: readonly unknown[]): Promise<Error | undefined> {
  const target = EXPORTS[name] as (...given: readonly unknown[]) => unknown;
  const isClass = /^class\b/.test(Function.prototype.toString.call(target));
  try {
    await (isClass ? Reflect.construct(target, [...args]) : target(...args));
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

it('knows every public function and class', () => {
  const known = [...Object.keys(DOORS), ...OPEN].sort();
  expect(callables.map(([name]) => name).sort()).toEqual(known);
});

describe.each(Object.entries(DOORS))('%s', (name, args) => {
  test.each(args.map((each, position) => [position, each] as const))(
    'says what argument %i should have been',
    async (position, { taken, isOptions }) => {
      for (const [thing, value] of Object.entries(THINGS)) {
        if (taken.includes(thing)) continue;
        const given = args.map(({ right }, i) => (i === position ? value : right));
        const error = await callWith(name, given);
        const said = `${thing}: ${error?.name}: ${error?.message}`;
        expect([said, error instanceof CardinalError]).toEqual([said, true]);
        expect(said).toMatch(/expected [^]*\. Received: [^]{1,340}\.$/);
        if (isOptions) expect(error?.message).toMatch(/^options of \w+: expected (an object with|one of) /);
      }
    },
  );
});

const OPTIONS = Object.entries(DOORS).flatMap(([name, args]) =>
  args.flatMap(({ isOptions }, position) => (isOptions ? [[name, position] as const] : [])),
);

test.each(OPTIONS)('%s refuses an option that does not exist, in argument %i', async (name, position) => {
  const args = DOORS[name].map(({ right }, i) =>
    i === position ? { ...(right as object), wobble: 1 } : right,
  );
  const error = await callWith(name, args);
  // What makes a layer is called as its class is.
  const where = new RegExp(`^options of ${name}: expected one of [^]*\\. Received: 'wobble'\\.$`, 'i');
  expect(error?.message.replace(' HardSwish:', ` ${name}:`)).toMatch(where);
});

describe('messages', () => {
  const graphModel = THINGS.graphModel as never;
  const wrong = layersModel as never;
  const tiny = tf.tensor([1, 2]) as never;

  it.each<[string, () => unknown, string]>([
    [
      'a GraphModel',
      () => library.inspectModel(graphModel),
      'model: expected a LayersModel for inspectModel, since a GraphModel has no layers: load the model that it was ' +
        'converted from, by loadLayersModel, importOnnxFile or loadKerasFile. Received: a GraphModel.',
    ],
    [
      'a promise of a model',
      () => models.unfreeze(Promise.resolve(layersModel) as never),
      'model: expected a LayersModel for unfreeze, which await makes of a promise of one. Received: a promise.',
    ],
    [
      'a name',
      () => library.lowerModel('resnet18' as never),
      "model: expected a LayersModel for lowerModel, as createModel makes of a name and loadLayersModel of a folder. Received: 'resnet18'.",
    ],
    [
      'a model that is not built',
      () => library.lowerModel(tf.sequential({ name: 'empty' })),
      "model: expected a built model (give its first layer an inputShape). Received: 'empty'.",
    ],
    [
      'a model for a graph',
      () => node.toOnnx(wrong),
      "graph: expected a graph for toOnnx: foldBatchNorm(lowerModel(model)) makes one of a model. Received: a LayersModel 'small'.",
    ],
    [
      'a graph for a model',
      () => library.inspectModel(graph as never),
      "model: expected a LayersModel for inspectModel: the one that lowerModel was given. Received: a graph 'small'.",
    ],
    [
      'numbers for a tensor',
      () => library.silu([1, 2] as never),
      'x: expected a tensor, which tf.tensor makes of numbers. Received: [1,2].',
    ],
    [
      'an option of PyTorch and Keras 1',
      () => library.groupedConv2d(tf.zeros([4, 4, 2]), tf.zeros([3, 3, 2, 2]), { pad: 'same' } as never),
      "options of groupedConv2d: expected one of groups, strides, padding, dilations, dataFormat, implementation (did you mean 'padding'?). Received: 'pad'.",
    ],
    [
      'another layout',
      () =>
        library.groupedConv2d(tf.zeros([2, 4, 4]), tf.zeros([3, 3, 2, 2]), { dataFormat: 'NCHW' } as never),
      "dataFormat: expected 'NHWC', the one that there is: channels come last (the layer groupedConv2D has channelsFirst). Received: 'NCHW'.",
    ],
    [
      'groups that do not divide the filters of a layer',
      () => new library.GroupedConv2D({ filters: 15, kernelSize: 3, groups: 2 }),
      'groups: expected a divisor of the 15 filters (1, 3, 5, 15). Received: 2.',
    ],
    [
      'an option within an option',
      () => library.depthwiseSeparableConv2D({ filters: 2, batchNorm: { eps: 1e-3 } as never }),
      /^options of batchNorm: expected one of axis, momentum, epsilon, .* \(did you mean 'epsilon'\?\)\. Received: 'eps'\.$/,
    ],
    [
      'an augmentation',
      () => node.batches(dataset, { batchSize: 2, augmentation: { crop: 4 } as never }),
      "options of augmentation: expected one of padCrop, padMode, flip, cutout (did you mean 'padCrop'?). Received: 'crop'.",
    ],
  ] as [string, () => unknown, string][])('of %s', (_, call, message) => {
    expect(call).toThrow(message);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    [
      'a tensor for data',
      () => node.train(layersModel, tiny),
      'data: expected an object of `train` and perhaps `validation`, image datasets. Received: a tensor [2].',
    ],
    [
      'one dataset for two',
      () => node.train(layersModel, dataset as never),
      "data: expected an object of `train` and perhaps `validation`, image datasets: { train: dataset }. Received: an image dataset 'made/train'.",
    ],
    [
      'a tensor within the data',
      () => node.train(layersModel, { train: tiny }),
      'data.train: expected an image dataset, as loadImageFolder and loadCifar10 load them, or an object with images, labels, ' +
        'count, imageShape, classNames, mean and std. Received: a tensor [2].',
    ],
    [
      'both datasets for one',
      () => node.evaluate(layersModel, { train: dataset, test: dataset } as never),
      'dataset: expected an image dataset, as loadImageFolder and loadCifar10 load them, or an object with images, labels, ' +
        'count, imageShape, classNames, mean and std: one of those in it. Received: ["train","test"].',
    ],
    [
      'a part of a recipe',
      () => node.train(layersModel, { train: dataset }, { lr: 0.1 } as never),
      "(did you mean 'learningRate'?). Received: 'lr'.",
    ],
  ])('of %s', async (_, call, message) => {
    await expect(call()).rejects.toThrow(message);
  });
});

describe('layers', () => {
  it('take what every layer of tfjs takes, and what configs of its first versions have', () => {
    const every = {
      name: 'x',
      trainable: false,
      batchSize: 2,
      dtype: 'float32',
      inputDType: 'float32',
    } as const;
    const layer = library.groupedConv2D({
      filters: 2,
      kernelSize: 1,
      inputShape: [4, 4, 2],
      ...every,
      ...{ updatable: true },
    });
    expect(layer.batchInputShape).toEqual([2, 4, 4, 2]);
    expect(layer.trainable).toBe(false);
    expect(library.hardSwishLayer({ batchInputShape: [null, 3] }).batchInputShape).toEqual([null, 3]);
  });

  it('load from the config of a file, and name the option of a later version', () => {
    const config = { filters: 2, kernelSize: [1, 1], padding: 'same', groups: 1, customObjects: {} };
    const { GroupedConv2D } = library;
    type Class = tf.serialization.SerializableConstructor<library.GroupedConv2D>;
    const load = (more: object) =>
      GroupedConv2D.fromConfig(GroupedConv2D as unknown as Class, { ...config, ...more });
    expect(load({}).padding).toBe('same');
    expect(() => load({ deformable: true })).toThrow(
      /^options of GroupedConv2D: .*Received: 'deformable'\.$/,
    );
  });
});

// Two packages of a program may each bring a tfjs: the classes of one are not those of the other.
it('takes models of a second copy of tfjs, models within models too', () => {
  jest.isolateModules(() => {
    const other = require('@tensorflow/tfjs-layers') as Pick<typeof tf, 'layers' | 'sequential'>;
    const inner = other.sequential({
      layers: [other.layers.dense({ name: 'other1', units: 2, inputShape: [3] })],
    });
    const model = other.sequential({ layers: [inner, other.layers.dense({ name: 'other2', units: 1 })] });
    expect(model).not.toBeInstanceOf(tf.LayersModel);
    const { params, layers } = library.inspectModel(model as tf.LayersModel);
    expect(params.total).toBe(3 * 2 + 2 + 2 * 1 + 1);
    expect(layers.map(({ className }) => className)).toEqual(['Dense', 'Dense']);
    const lowered = library.lowerModel(model as tf.LayersModel);
    expect(lowered.nodes.map(({ op }) => op)).toEqual(['input', 'linear', 'linear']);
  });
});
