import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import { InvalidArgumentError } from '../../src/errors';
import { importOnnx } from '../../src/import/onnx';
import { OnnxError } from '../../src/import/onnx-error';
import { importOnnxFile } from '../../src/import/onnx-node';
import { TESTED_BACKENDS } from '../support/backends';
import { onnxFile, type MadeFile } from '../support/onnx-files';

const conv: MadeFile = { nodes: [['Conv', ['x', 'w'], ['y']]], weights: { w: [4, 8, 3, 3] } };

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

/** The message of the OnnxError that a file is refused with, and no tensor left of the attempt. */
function refusal(file: MadeFile, change: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes): string {
  const before = tf.memory().numTensors;
  try {
    importOnnx(change(onnxFile(file)));
  } catch (error) {
    expect(error).toBeInstanceOf(OnnxError);
    expect(tf.memory().numTensors).toBe(before);
    return (error as Error).message;
  }
  throw new Error('it was not refused');
}

test('operators that are not supported are all named', () => {
  const nodes: MadeFile['nodes'] = [
    ['Conv', ['x', 'w'], ['a']],
    ['LSTM', ['a'], ['b']],
    ['Relu', ['b'], ['c']],
    ['If', ['c'], ['y']],
    // Nothing reads what this one puts out.
    ['NonMaxSuppression', ['c'], ['unread']],
  ];
  expect(refusal({ ...conv, nodes })).toBe(
    '2 nodes have operators that are not supported: LSTM (node1), If (node3).',
  );
});

test.each([
  [12, /operator set 12; 13 to 28 are read here.*version_converter/],
  [29, /operator set 29; 13 to 28 are read here.*an older one/],
])('operator set %d', (opset, message) => {
  expect(refusal({ ...conv, opset })).toMatch(message);
});

describe('bytes that are no model', () => {
  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['none', () => new Uint8Array()],
    ['text', () => new TextEncoder().encode('<html>not found</html>')],
    ['cut short', (bytes) => bytes.subarray(0, bytes.length - 9)],
  ])('%s', (_, change) => {
    expect(refusal(conv, change)).toMatch(/the bytes are no ONNX model/);
  });
});

describe('tensors', () => {
  const tensor = { name: 'w', dims: [4n, 8n, 3n, 3n], dataType: 1 };
  const nodes = conv.nodes;

  test.each<[string, MadeFile['tensors'], RegExp]>([
    [
      'too few bytes',
      [{ ...tensor, rawData: new Uint8Array(1148) }],
      /w: \[4, 8, 3, 3\] of float32 are 1152 bytes\. Received: 1148/,
    ],
    [
      'too many values',
      [{ ...tensor, floatData: new Array<number>(289).fill(1) }],
      /are 288 values\. Received: 289/,
    ],
    ['a size that no memory has', [{ ...tensor, dims: [2n ** 40n, 8n, 3n, 3n] }], /bytes\. Received: 0/],
    ['a negative length', [{ ...tensor, dims: [-4n, 8n, 3n, 3n] }], /its shape is \[-4, 8, 3, 3\]/],
    ['strings', [{ ...tensor, dataType: 8 }], /of type 8, which is not read here/],
  ])('%s', (_, tensors, message) => {
    expect(refusal({ nodes, tensors })).toMatch(message);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['another file', { location: 'other.data' }, /'other\.data', which was not given/],
    ['beyond the end', { location: 'w.data', offset: '8' }, /bytes 8 to 1160 of 'w\.data', which has 1152/],
    ['an odd length', { location: 'w.data', length: '1000' }, /are 1152 bytes\. Received: 1000/],
    ['no number', { location: 'w.data', offset: '-8' }, /its offset is '-8'/],
  ])('in another file: %s', (_, entries, message) => {
    const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
    const bytes = onnxFile({ nodes, tensors: [{ ...tensor, dataLocation: 1, externalData }] });
    const given = { externalData: new Map([['w.data', new Uint8Array(1152)]]) };
    expect(() => importOnnx(bytes, given)).toThrow(message);
  });

  test('half precision is read, wherever it stands', () => {
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff);
    const half = { name: 'w', dims: [4n, 1n, 1n, 1n], dataType: 10, rawData: new Uint8Array(halves.buffer) };
    const bytes = onnxFile({ nodes, input: [1, 1, 1], tensors: [half] });
    // At an odd place of a larger piece of memory, as Node reads files.
    const shifted = Buffer.concat([Buffer.alloc(1), bytes]).subarray(1);
    const model = importOnnx(shifted);
    expect([...model.getWeights()[0].dataSync()]).toEqual([1, -2, 2 ** -24, 65504]);
    model.dispose();
  });
});

describe('shapes and options that do not fit', () => {
  test.each<[string, MadeFile, RegExp]>([
    [
      'channels',
      { ...conv, input: [9, 6, 5] },
      /Conv node0: its weight \[4, 8, 3, 3\] in 1 groups does not fit 9 input channels/,
    ],
    ['groups', { ...conv, nodes: [['Conv', ['x', 'w'], ['y'], { group: 3 }]] }, /in 3 groups does not fit 8/],
    [
      'a bias',
      { nodes: [['Conv', ['x', 'w', 'b'], ['y']]], weights: { w: [4, 8, 3, 3], b: [5] } },
      /its bias has the shape \[5\] where it has 4 filters/,
    ],
    [
      'a norm',
      { nodes: [['BatchNormalization', ['x', 'g', 'g', 'g', 'g'], ['y']]], weights: { g: [7] } },
      /input 1 has the shape \[7\] where 8 channels/,
    ],
    ['vectors', { ...conv, input: [8] }, /only images, of 4 axes, are supported\. Received: 2 axes/],
    ['a kernel that is computed', { nodes: [['Conv', ['x', 'x'], ['y']]] }, /its input 1 is computed/],
    [
      'features',
      { nodes: [['Gemm', ['x', 'w'], ['y']]], input: [8], weights: { w: [7, 3] } },
      /its weight \[7, 3\] does not fit 8 features/,
    ],
    [
      'a reshape',
      { nodes: [['Reshape', ['x', 's'], ['y']]], weights: { s: [0n, 7n, -1n] } },
      /\[batch, 8, 6, 5\] does not become \[0, 7, -1\]/,
    ],
    [
      'a reshape of the batch',
      { nodes: [['Reshape', ['x', 's'], ['y']]], weights: { s: [-1n, 8n] } },
      /with the batch left alone/,
    ],
    [
      'a batch that moves',
      { nodes: [['Transpose', ['x'], ['y'], { perm: [1, 0, 2, 3] }]] },
      /it moves the batch/,
    ],
    [
      'a sum',
      {
        nodes: [
          ['Slice', ['x', 'b', 'e', 'a'], ['s']],
          ['Add', ['x', 's'], ['y']],
        ],
        weights: { b: [0n], e: [3n], a: [1n] },
      },
      /do not fit each other/,
    ],
    [
      'a constant of other lengths',
      { nodes: [['Mul', ['x', 'w'], ['y']]], weights: { w: [8, 6, 4] } },
      /a constant does not fit\. Received: \[8, 6, 4\] for \[batch, 8, 6, 5\]/,
    ],
    [
      'clipping by channel',
      { nodes: [['Clip', ['x', 'a'], ['y']]], weights: { a: { float: [-1, 1] } } },
      /its input 1 has the shape \[2\], where a single number/,
    ],
    ['an axis', { nodes: [['Concat', ['x', 'x'], ['y'], { axis: 4 }]] }, /there is no axis 4 of 4/],
    [
      'a window',
      { nodes: [['MaxPool', ['x'], ['y'], { kernel_shape: [9, 9] }]] },
      /does not fit 6 x 5 pixels/,
    ],
    [
      'what comes after a layer that has its weights',
      {
        ...conv,
        nodes: [
          ['Conv', ['x', 'w'], ['c']],
          ['Transpose', ['c'], ['y']],
        ],
      },
      /it moves the batch/,
    ],
    [
      'an attribute of another type',
      { ...conv, nodes: [['Conv', ['x', 'w'], ['y'], { group: 'two' }]] },
      /attribute group is of another type/,
    ],
    [
      'a value from nowhere',
      { nodes: [['Relu', ['z'], ['y']]] },
      /it reads z, which nothing before it puts out/,
    ],
    ['an output from nowhere', { nodes: [['Relu', ['x'], ['z']]] }, /output y is not computed/],
    [
      'a constant without end',
      {
        nodes: [
          ['ConstantOfShape', ['s'], ['big']],
          ['Mul', ['x', 'big'], ['y']],
        ],
        weights: { s: [99999n, 99999n] },
      },
      /ConstantOfShape node0: the 9999800001 elements of \[99999, 99999\] are more than/,
    ],
  ])('%s', (_, file, message) => {
    expect(refusal(file)).toMatch(message);
  });

  test('a size that the file leaves open and nobody tells', () => {
    const bytes = onnxFile({ ...conv, input: [8, null, null] });
    expect(() => importOnnx(bytes)).toThrow(InvalidArgumentError);
    expect(() => importOnnx(bytes)).toThrow(/inputSize: expected \[height, width\]/);
    expect(() => importOnnx(bytes, { inputSize: [0, 3] })).toThrow(/inputSize: .* Received: \[0,3\]/);
  });
});

describe('files beside the model', () => {
  let folder: string;
  const data = new Uint8Array(Float32Array.from({ length: 288 }, (_, index) => index).buffer);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onnx-'));
    await mkdir(join(folder, 'model', 'weights'), { recursive: true });
    await writeFile(join(folder, 'outside.data'), data);
    await writeFile(join(folder, 'model', 'weights', 'w.data'), data);
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function write(location: string, path: string): Promise<void> {
    const tensor = { name: 'w', dims: [4n, 8n, 3n, 3n], dataType: 1, dataLocation: 1 };
    const externalData = [{ key: 'location', value: location }];
    await writeFile(path, onnxFile({ nodes: conv.nodes, tensors: [{ ...tensor, externalData }] }));
  }

  async function load(location: string): Promise<tf.LayersModel> {
    const path = join(folder, 'model', 'model.onnx');
    await write(location, path);
    return importOnnxFile(path);
  }

  /** Both in one folder, under other names, and links to them: as the cache of the Hugging Face hub has them. */
  async function cache(location: string, sub = ''): Promise<string> {
    const up = sub === '' ? '../../blobs' : '../../../blobs';
    const snapshot = join(folder, 'snapshots', 'c0ffee', sub);
    await mkdir(snapshot, { recursive: true });
    await mkdir(join(folder, 'blobs'), { recursive: true });
    await write(location, join(folder, 'blobs', 'abc'));
    await writeFile(join(folder, 'blobs', 'def'), data);
    await symlink(`${up}/abc`, join(snapshot, 'model.onnx'));
    await symlink(`${up}/def`, join(snapshot, 'model.onnx_data'));
    return join(snapshot, 'model.onnx');
  }

  test.each(['', 'onnx'])('are read where links lead as the model does: %p', async (sub) => {
    const model = await importOnnxFile(await cache('model.onnx_data', sub));
    expect(model.getWeights()[0].dataSync()[1]).toBe(72);
    model.dispose();
  });

  test('are read through a link to the whole folder', async () => {
    await load('weights/w.data').then((model) => model.dispose());
    await symlink(join(folder, 'model'), join(folder, 'elsewhere'));
    const model = await importOnnxFile(join(folder, 'elsewhere', 'model.onnx'));
    expect(model.getWeights()[0].dataSync()[1]).toBe(72);
    model.dispose();
  });

  test.each(['../../blobs/def', '../c0ffee/model.onnx_data', '/etc/hostname'])(
    'are not read from where the file itself names another folder, links or not: %p',
    async (location) => {
      await expect(cache(location).then((path) => importOnnxFile(path))).rejects.toThrow(
        /which is not in its folder/,
      );
    },
  );

  test('are not read through a link that leads elsewhere than the model', async () => {
    const path = await cache('model.onnx_data');
    await rm(join(path, '..', 'model.onnx_data'));
    await symlink('../../outside.data', join(path, '..', 'model.onnx_data'));
    await expect(importOnnxFile(path)).rejects.toThrow(/which is not in its folder/);
  });

  test('are read from its folder', async () => {
    const model = await load('weights/w.data');
    expect(model.getWeights()[0].dataSync()[1]).toBe(72); // the second filter's first tap
    model.dispose();
  });

  test.each(['../outside.data', 'weights/../../outside.data', '/etc/hostname', '..', '', 'C:\\w.data'])(
    'are not read from elsewhere: %p',
    async (location) => {
      await expect(load(location)).rejects.toThrow(/which is not in its folder/);
      await expect(load(location)).rejects.toBeInstanceOf(OnnxError);
    },
  );

  test('are not read through a link that leads elsewhere', async () => {
    await symlink(join(folder, 'outside.data'), join(folder, 'model', 'link.data'));
    await expect(load('link.data')).rejects.toThrow(/which is not in its folder/);
  });

  test('that are missing are named', async () => {
    await expect(load('gone.data')).rejects.toThrow(/gone\.data: no such file/);
    await expect(importOnnxFile(join(folder, 'gone.onnx'))).rejects.toThrow(/gone\.onnx: no such file/);
  });
});
