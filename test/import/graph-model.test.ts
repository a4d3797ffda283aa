import * as tf from '@tensorflow/tfjs';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CardinalError, InvalidArgumentError } from '../../src/errors';
import { loadGraphModel } from '../../src/import/graph-model';
import { convSpec, type Padding } from '../../src/ops/conv-spec';
import { describeOnBackends } from '../support/backends';
import { oracle, relativeError } from '../support/grouped-conv2d-oracle';

const SHAPE = [7, 6, 6];
const FILTER = [3, 3, 2, 9];
const text = (value: string) => ({ s: btoa(value) });
const numbers = (...values: number[]) => ({ list: { i: values.map(String) } });
const dims = (shape: readonly number[]) => ({ dim: shape.map((size) => ({ size: String(size) })) });
const FLOAT = { type: 'DT_FLOAT' };

interface Options {
  readonly op?: string;
  readonly attr?: object;
  /** Of the values beside the filter. */
  readonly extra?: readonly (readonly number[])[];
  readonly channelsFirst?: boolean;
  readonly within?: 'function';
}

/** A GraphModel of one convolution of three groups, as a converter would write it. */
function artifacts({
  op = 'Conv2D',
  attr,
  extra = [],
  channelsFirst,
  within,
}: Options = {}): tf.io.ModelArtifacts {
  const filter = tf.randomNormal(FILTER, 0, 1, 'float32', 2).dataSync<'float32'>();
  const weights: [string, readonly number[], ArrayLike<number>][] = [
    ['w', FILTER, filter],
    ...extra.map((values, i): [string, number[], readonly number[]] => [
      `extra${i}`,
      [values.length],
      values,
    ]),
  ];
  const convolution = {
    op,
    attr: {
      T: FLOAT,
      strides: numbers(1, 1, 1, 1),
      padding: text('SAME'),
      data_format: text(channelsFirst === true ? 'NCHW' : 'NHWC'),
      dilations: numbers(1, 1, 1, 1),
      ...attr,
    },
  };
  const shape = channelsFirst === true ? [-1, 6, 7, 6] : [-1, ...SHAPE];
  const names = weights.map(([name]) => name);
  const branch = { func: { name: 'f' } };
  const choice = {
    name: 'y',
    op: 'StatelessIf',
    input: ['extra0', 'x', 'w'],
    attr: { then_branch: branch, else_branch: branch },
  };
  const arg = (name: string) => ({ name, type: 'DT_FLOAT' });
  const inFunction = { ...convolution, name: 'conv', input: ['a', 'b'] };
  return {
    format: 'graph-model',
    modelTopology: {
      node: [
        { name: 'x', op: 'Placeholder', attr: { dtype: FLOAT, shape: { shape: dims(shape) } } },
        ...names.map((name) => ({ name, op: 'Const', attr: { dtype: FLOAT } })),
        within === 'function' ? choice : { ...convolution, name: 'y', input: ['x', ...names] },
      ],
      library: {
        function: [
          {
            signature: { name: 'f', inputArg: [arg('a'), arg('b')], outputArg: [arg('out')] },
            nodeDef: [inFunction],
            ret: { out: 'conv:0' },
          },
        ],
      },
      versions: {},
    } as tf.io.ModelArtifacts['modelTopology'],
    weightSpecs: weights.map(([name, of]) => ({ name, shape: [...of], dtype: 'float32' })),
    weightData: Float32Array.from(weights.flatMap(([, , values]) => [...Array.from(values)])).buffer,
  };
}

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** Writes a model as a converter does, its name with what addresses encode. */
function onDisk({ weightData, weightSpecs, ...model }: tf.io.ModelArtifacts): string {
  const folder = mkdtempSync(join(tmpdir(), 'graph model é-'));
  folders.push(folder);
  const weights = Buffer.from(weightData as ArrayBuffer);
  const paths = ['group1-shard1of2.bin', 'group1-shard2of2.bin'];
  writeFileSync(join(folder, paths[0]), weights.subarray(0, 100));
  writeFileSync(join(folder, paths[1]), weights.subarray(100));
  const json = { ...model, weightsManifest: [{ paths, weights: weightSpecs }] };
  writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
  return folder;
}

function expectedFor(
  x: tf.Tensor,
  options: { strides?: [number, number]; padding?: Padding; dilations?: [number, number] },
): Float64Array {
  const spec = convSpec(x.shape, FILTER, { groups: 3, padding: 'same', ...options });
  const filter = tf.randomNormal(FILTER, 0, 1, 'float32', 2).dataSync();
  const none = new Float32Array(spec.batch * spec.outHeight * spec.outWidth * 9);
  return oracle(x.dataSync(), filter, none, spec).y;
}

describeOnBackends('a GraphModel of a grouped convolution', () => {
  const input = () => tf.randomNormal([2, ...SHAPE], 0, 1, 'float32', 3);
  const CASES: Record<string, [Options, Parameters<typeof expectedFor>[1]]> = {
    'same, as it is': [{}, {}],
    'valid, strides and dilations': [
      { attr: { padding: text('VALID'), strides: numbers(1, 2, 1, 1), dilations: numbers(1, 1, 2, 1) } },
      { padding: 'valid', strides: [2, 1], dilations: [1, 2] },
    ],
    'pixels a side': [
      { attr: { padding: text('EXPLICIT'), explicit_paddings: numbers(0, 0, 1, 2, 0, 1, 0, 0) } },
      { padding: [[1, 2], [0, 1]] }, // prettier-ignore
    ],
    'within a function': [{ within: 'function', extra: [[1]] }, {}],
  };

  test.each(Object.entries(CASES))('%s', async (_, [options, convolution]) => {
    const model = await loadGraphModel(tf.io.fromMemory(artifacts(options)));
    const x = input();
    const before = tf.memory().numTensors;
    const run = options.within === 'function' ? model.executeAsync(x) : model.predict(x);
    const y = (await run) as tf.Tensor;
    expect(tf.memory().numTensors).toBe(before + 1);
    expect(relativeError(y.dataSync(), expectedFor(x, convolution))).toBeLessThan(1e-5);
    tf.dispose([x, y]);
    model.dispose();
  });

  test.each([
    ['the path of its file', (folder: string) => join(folder, 'model.json')],
    ['the path of its folder', (folder: string) => folder],
    ['a path from here', (folder: string) => relative(process.cwd(), folder)],
    ['a file address', (folder: string) => pathToFileURL(join(folder, 'model.json')).href],
    ['a file address as tfjs-node takes it', (folder: string) => `file://${relative(process.cwd(), folder)}`],
    ['a URL', (folder: string) => pathToFileURL(join(folder, 'model.json'))],
  ])('from disk, by %s', async (_, address) => {
    const folder = onDisk(artifacts());
    const model = await loadGraphModel(address(folder));
    const x = input();
    const y = model.predict(x) as tf.Tensor;
    expect(relativeError(y.dataSync(), expectedFor(x, {}))).toBeLessThan(1e-5);
    tf.dispose([x, y]);
    model.dispose();
  });

  test('with the channels first', async () => {
    const model = await loadGraphModel(
      tf.io.fromMemory(
        artifacts({
          channelsFirst: true,
          op: '_FusedConv2D',
          extra: [[1, 2, 3, 4, 5, 6, 7, 8, 9]],
          attr: { strides: numbers(1, 1, 2, 1), fused_ops: { list: { s: [btoa('BiasAdd')] } } },
        }),
      ),
    );
    const x = input();
    const y = tf.transpose(model.predict(tf.transpose(x, [0, 3, 1, 2])) as tf.Tensor, [0, 2, 3, 1]);
    const expected = expectedFor(x, { strides: [2, 1] }).map((value, i) => value + 1 + (i % 9));
    expect(relativeError(y.dataSync(), expected)).toBeLessThan(1e-5);
    model.dispose();
  });

  test.each<[string, (y: number, channel: number) => number, number[][]]>([
    ['Relu', (y) => Math.max(y, 0), []],
    ['Relu6', (y) => Math.min(Math.max(y, 0), 6), []],
    ['Elu', (y) => (y < 0 ? Math.expm1(y) : y), []],
    ['Sigmoid', (y) => 1 / (1 + Math.exp(-y)), []],
    ['LeakyRelu', (y) => (y < 0 ? y * 0.25 : y), []],
    [
      'Prelu',
      (y, channel) => (y < 0 ? y * (channel / 10) : y),
      [[0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => i / 10)],
    ],
  ])('with a bias and %s in it', async (name, activation, more) => {
    const bias = [1, -2, 3, -4, 5, -6, 7, -8, 9];
    const attr = {
      fused_ops: { list: { s: ['BiasAdd', name].map((each) => btoa(each)) } },
      num_args: { i: String(1 + more.length) },
      leakyrelu_alpha: { f: 0.25 },
    };
    const model = await loadGraphModel(
      tf.io.fromMemory(artifacts({ op: '_FusedConv2D', attr, extra: [bias, ...more] })),
    );
    const x = input();
    const y = model.predict(x) as tf.Tensor;
    const expected = expectedFor(x, {}).map((value, i) => activation(value + bias[i % 9], i % 9));
    expect(relativeError(y.dataSync(), expected)).toBeLessThan(1e-5);
    tf.dispose([x, y]);
    model.dispose();
  });

  test('keeps its own graph, and leaves stock models as they are', async () => {
    const model = await loadGraphModel(tf.io.fromMemory(artifacts()));
    const saved: tf.io.ModelArtifacts[] = [];
    await model.save(
      tf.io.withSaveHandler((each) => {
        saved.push(each);
        return Promise.resolve({ modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(each) });
      }),
    );
    expect(saved[0].modelTopology).toEqual(artifacts().modelTopology);
    model.dispose();
    const stock = await tf.loadGraphModel(tf.io.fromMemory(artifacts()));
    const x = input();
    expect(() => stock.predict(x)).toThrow('depth of input (6) must match input depth for filter 2');
    x.dispose();
    stock.dispose();
  });

  test('an activation that no one knows is named', async () => {
    const attr = { fused_ops: { list: { s: [btoa('Mish')] } } };
    const model = await loadGraphModel(tf.io.fromMemory(artifacts({ op: '_FusedConv2D', attr })));
    const x = input();
    expect(() => model.predict(x)).toThrow('a convolution with mish in it cannot be run');
    x.dispose();
    model.dispose();
  });
});

test('what is no GraphModel is said', async () => {
  await expect(loadGraphModel(tf.io.fromMemory({ modelTopology: { node: [null] } }))).rejects.toThrow(
    'not a GraphModel of tfjs',
  );
  await expect(loadGraphModel(tf.io.fromMemory({}))).rejects.toThrow('not a GraphModel of tfjs');
  await expect(loadGraphModel({})).rejects.toThrow('source: expected an address or an IOHandler with load');
});

describe('what is not there or no GraphModel', () => {
  const failure = (source: unknown, options?: object): Promise<Error> =>
    loadGraphModel(source as string, options).then(
      () => new Error('it was loaded'),
      (error: Error) => error,
    );

  it('is named', async () => {
    const folder = onDisk(artifacts());
    const file = join(folder, 'model.json');
    truncateSync(join(folder, 'group1-shard2of2.bin'), 8);
    const cut = await failure(folder);
    expect(cut).toBeInstanceOf(CardinalError);
    expect(cut.message).toContain(`is damaged: expected 648 bytes, as ${file} has it. Received: 108.`);
    rmSync(join(folder, 'group1-shard2of2.bin'));
    expect((await failure(folder)).message).toBe(`${join(folder, 'group1-shard2of2.bin')}: no such file`);
    writeFileSync(file, '<html>');
    expect((await failure(folder)).message).toBe(
      `${file} is no model.json of a GraphModel: it is not valid JSON`,
    );
    const layers = { modelTopology: { class_name: 'Sequential' }, weightsManifest: [] };
    writeFileSync(file, JSON.stringify(layers));
    expect((await failure(folder)).message).toBe(
      'not a GraphModel of tfjs: it is a LayersModel, which loadLayersModel loads',
    );
    const escaping = { modelTopology: { node: [] }, weightsManifest: [{ paths: ['../x.bin'], weights: [] }] };
    writeFileSync(file, JSON.stringify(escaping));
    expect((await failure(folder)).message).toBe(
      `${file} is damaged: it names "../x.bin" as a file in its folder`,
    );
    expect((await failure('/nowhere/model.json')).message).toBe('/nowhere/model.json: no such file');
  });

  it.each([
    [
      's3://bucket/model.json',
      "a path, or an address that begins with file, http or https. Received: 's3://bucket/model.json'.",
    ],
    [undefined, 'an address or an IOHandler with load. Received: undefined.'],
    ['', "an address or an IOHandler with load. Received: ''."],
    [Promise.resolve('x'), 'an address or an IOHandler with load. Received: a promise.'],
  ])('%p is no source', async (source, expected) => {
    const error = await failure(source);
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error.message).toBe(`source: expected ${expected}`);
  });

  it('asks a hub for the file that tf.loadGraphModel asks for', async () => {
    const asked: string[] = [];
    const fetchFunc = (address: string) => {
      asked.push(address);
      return Promise.reject(new Error('no net'));
    };
    await failure('https://tfhub.dev/google/x/1', { fromTFHub: true, fetchFunc });
    expect(asked).toEqual(['https://tfhub.dev/google/x/1/model.json?tfjs-format=file']);
  });
});
