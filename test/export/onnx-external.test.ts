import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import { InvalidArgumentError } from '../../src/errors';
import { writeExportFiles } from '../../src/export/export-target-node';
import { toOnnx, toOnnxFiles, type OnnxFilesOptions } from '../../src/export/onnx';
import { externalOffsets, fileOf, isExternal } from '../../src/export/onnx-external';
import { decodeModel, encodeModel, type OnnxModel } from '../../src/export/onnx-messages';
import type { Graph, GraphNode } from '../../src/graph/graph';
import { lowerModel } from '../../src/graph/lower-model';
import { importOnnx } from '../../src/import/onnx';
import { OnnxError } from '../../src/import/onnx-error';
import { importOnnxFile } from '../../src/import/onnx-node';
import { TESTED_BACKENDS } from '../support/backends';
import { relativeDifference, runOnnx, toNchw } from '../support/onnxruntime';
import { chain, SMALL_IMAGE } from '../support/small-models';
import { drawWeights } from '../support/zoo-samples';

const { layers } = tf;

let folder: string;
let model: tf.LayersModel;
const at = (...path: string[]): string => join(folder, ...path);

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
  // Weights of both kinds, small and large, with an odd number of bytes to the page.
  model = chain(
    layers.conv2d({ filters: 17, kernelSize: 3, name: 'conv' }),
    layers.globalAveragePooling2d({}),
    layers.dense({ units: 33, name: 'wide' }),
    layers.dense({ units: 3, name: 'out' }),
  );
  drawWeights(model);
});
afterAll(() => void model.dispose());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onnx-external-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(options: OnnxFilesOptions = { externalData: true }, overwrite = false): Promise<void> {
  const contents = toOnnxFiles(lowerModel(model), 'm.onnx', options);
  await writeExportFiles(at('m.onnx'), contents, ['m.onnx.data'], { overwrite, check: async () => {} });
}

const tensorsOf = ({ graph }: OnnxModel) => (graph as NonNullable<OnnxModel['graph']>).initializer;

/** By tensor, what the model says of where it is. */
async function entries(): Promise<Record<string, Record<string, string>>> {
  const read = decodeModel(await readFile(at('m.onnx')));
  return Object.fromEntries(
    tensorsOf(read)
      .filter(({ dataLocation }) => (dataLocation as number) === 1)
      .map(({ name, externalData }) => [
        name,
        Object.fromEntries(externalData.map(({ key, value }) => [key, value])),
      ]),
  );
}

describe('weights as external data', () => {
  test('ONNX Runtime and the import compute what the model computes, at batch 1 and 3', async () => {
    await write();
    expect((await readdir(folder)).sort()).toEqual(['m.onnx', 'm.onnx.data', 'm.onnx.sha256']);
    const imported = await importOnnxFile(at('m.onnx'));
    for (const count of [1, 3]) {
      const x = tf.randomNormal([count, ...SMALL_IMAGE], 0, 1, 'float32', 9);
      const expected = model.predict(x) as tf.Tensor;
      const fed = toNchw(x);
      const [[, made]] = await runOnnx(at('m.onnx'), { [model.inputs[0].name]: fed });
      const ours = imported.predict(x) as tf.Tensor;
      expect(relativeDifference(made, expected)).toBeLessThan(2e-6);
      expect(relativeDifference(ours, expected)).toBeLessThan(2e-6);
      tf.dispose([x, expected, fed, made, ours]);
    }
    imported.dispose();
  });

  test('are at pages of the file beside the model, those of less than 1 KiB in the model', async () => {
    await write();
    expect(await entries()).toEqual({
      'conv.weight': { location: 'm.onnx.data', offset: '0', length: String(17 * 8 * 9 * 4) },
      'wide.weight': { location: 'm.onnx.data', offset: '8192', length: String(17 * 33 * 4) },
    });
    const bytes = await readFile(at('m.onnx.data'));
    expect(bytes).toHaveLength(8192 + 17 * 33 * 4);
    const wide = model.getLayer('wide').getWeights()[0].dataSync();
    const values = Array.from(wide, (_, i) => bytes.readFloatLE(8192 + 4 * i));
    expect(values).toEqual([...wide]);
    expect(bytes.subarray(17 * 8 * 9 * 4, 8192).every((zero) => zero === 0)).toBe(true);
  });

  test('are there only where asked for or too large: the same file as toOnnx makes', async () => {
    for (const options of [{}, { externalData: false }, { externalData: 'auto' as const }]) {
      const files = toOnnxFiles(lowerModel(model), 'm.onnx', options);
      expect([...files.keys()]).toEqual(['m.onnx']);
      expect(files.get('m.onnx')).toEqual(toOnnx(lowerModel(model)));
    }
    expect(() => toOnnxFiles(lowerModel(model), 'm.onnx', { externalData: 'yes' as 'auto' })).toThrow(
      "externalData: expected true, false or 'auto'. Received: 'yes'.",
    );
  });

  test('of more than one file holds go beside it without being read', () => {
    const kernel = { shape: [1024, 524_288], data: { length: 2 ** 29 } as Float32Array };
    const nodes: GraphNode[] = [
      { op: 'input', name: 'x', inputs: [], shape: [null, 1024] },
      { op: 'linear', name: 'wide', kernel, inputs: ['x'], shape: [null, 524_288] },
    ];
    const graph: Graph = { name: 'huge', nodes, outputs: ['wide'] };
    const files = toOnnxFiles(graph, 'huge.onnx');
    expect([...files.keys()]).toEqual(['huge.onnx.data', 'huge.onnx']);
    const [tensor] = tensorsOf(decodeModel(files.get('huge.onnx') as Uint8Array));
    const said = tensor.externalData.map(({ key, value }) => `${key} ${value}`);
    expect(said).toEqual(['location huge.onnx.data', 'offset 0', 'length 2147483648']);
    expect(() => toOnnxFiles(graph, 'huge.onnx', { externalData: false })).toThrow(
      /write them as external data/,
    );
  });
});

describe('the arithmetic', () => {
  test.each<[number[], number, boolean]>([
    [[4, 6], 10, false],
    [[4, 7], 10, true],
    [[], 0, false],
    [[2 ** 32, 2 ** 32], 2 ** 33, false],
    [[2 ** 32, 2 ** 32 + 1], 2 ** 33, true],
  ])('auto, %p bytes of %d', (sizes, limit, expected) => {
    expect(isExternal('auto', sizes, limit)).toBe(expected);
    expect(isExternal(true, sizes, limit)).toBe(true);
    expect(isExternal(false, sizes, limit)).toBe(false);
  });

  test('auto by itself: less than 2 GiB are one file', () => {
    expect(isExternal('auto', [2 ** 31 - 2 ** 20])).toBe(false);
    expect(isExternal('auto', [2 ** 31 - 2 ** 20, 1])).toBe(true);
    expect(() => isExternal(1 as unknown as boolean, [])).toThrow(InvalidArgumentError);
  });

  test('offsets are multiples of a page, those of large tensors of 64 KiB, also beyond 4 GiB', () => {
    expect(externalOffsets([1023, 1024, 4096, 5000, 4, 2 ** 20, 2 ** 20 - 1, 2 ** 33, 1024])).toEqual([
      undefined,
      0,
      4096,
      8192,
      undefined,
      65_536,
      65_536 + 2 ** 20,
      2 ** 21 + 65_536,
      2 ** 33 + 2 ** 21 + 65_536,
    ]);
  });

  test('a file is made of its pieces one at a time, as often as it is read', () => {
    const read: number[] = [];
    const piece = (offset: number, length: number) => ({
      offset,
      read: () => {
        read.push(offset);
        return new Uint8Array(length).fill(offset);
      },
    });
    const file = fileOf([piece(0, 2), piece(4, 1)]);
    const [first] = file;
    expect([[...first], read]).toEqual([[0, 0], [0]]); // prettier-ignore
    const bytes = () => [...file].flatMap((chunk) => [...chunk]);
    expect([bytes(), bytes()]).toEqual([[0, 0, 0, 0, 4], [0, 0, 0, 0, 4]]); // prettier-ignore
  });
});

describe('what is written', () => {
  test('is refused where either file is there, and replaced with overwrite', async () => {
    await writeFile(at('m.onnx.data'), 'of another');
    await expect(write()).rejects.toThrow(/m\.onnx\.data is there already/);
    expect(await readdir(folder)).toEqual(['m.onnx.data']);
    await write(undefined, true);
    await expect(write()).rejects.toThrow(/is there already/);
    await write(undefined, true);
    expect((await readdir(folder)).sort()).toEqual(['m.onnx', 'm.onnx.data', 'm.onnx.sha256']);
    (await importOnnxFile(at('m.onnx'))).dispose();
  });

  test('in one file takes the data of the old model away, and nothing that no old model had', async () => {
    await writeFile(at('m.onnx.data'), 'of another');
    await write({ externalData: false }, true);
    expect((await readdir(folder)).sort()).toEqual(['m.onnx', 'm.onnx.data', 'm.onnx.sha256']);
    await write({ externalData: false }, true);
    expect((await readdir(folder)).sort()).toEqual(['m.onnx', 'm.onnx.sha256']);
  });

  test('is nothing, and the old export stays, where the check or a move fails', async () => {
    const contents = new Map([
      ['m.onnx.data', 'new'],
      ['m.onnx', 'new'],
    ]);
    const attempt = (check: (path: string) => Promise<void>) =>
      writeExportFiles(at('m.onnx'), contents, ['m.onnx.data'], { overwrite: true, check });
    const otherwise = () => Promise.reject(new Error('it predicts otherwise'));
    // The second of the two is gone when it is to be moved.
    const gone = (path: string) => rm(path);
    await expect(attempt(otherwise)).rejects.toThrow(/otherwise/);
    await expect(attempt(gone)).rejects.toThrow(/m\.onnx could not be written/);
    expect(await readdir(folder)).toEqual([]);
    await write();
    const old = await Promise.all(['m.onnx', 'm.onnx.data'].map((name) => readFile(at(name))));
    await expect(attempt(otherwise)).rejects.toThrow(/otherwise/);
    await expect(attempt(gone)).rejects.toThrow(/m\.onnx could not be written/);
    expect(await Promise.all(['m.onnx', 'm.onnx.data'].map((name) => readFile(at(name))))).toEqual(old);
    expect((await readdir(folder)).sort()).toEqual(['m.onnx', 'm.onnx.data', 'm.onnx.sha256']);
  });

  test('replaces what a link leads to if it is one file, the link itself if it is two', async () => {
    await mkdir(at('real'));
    await writeFile(at('real', 'other.onnx'), 'old');
    await symlink(at('real', 'other.onnx'), at('m.onnx'));
    await write({ externalData: false }, true);
    expect((await readFile(at('real', 'other.onnx'))).length).toBeGreaterThan(1000);
    await write(undefined, true);
    expect(await readdir(at('real'))).toEqual(['other.onnx', 'other.onnx.sha256']);
    (await importOnnxFile(at('m.onnx'))).dispose();
  });
});

describe('the import refuses', () => {
  /** Writes the model with other entries for one of its tensors. */
  async function damaged(change: Record<string, string>): Promise<void> {
    await write();
    const read = decodeModel(await readFile(at('m.onnx')));
    const [tensor] = tensorsOf(read).filter(({ name }) => name === 'wide.weight');
    for (const entry of tensor.externalData) entry.value = change[entry.key] ?? entry.value;
    await writeFile(at('m.onnx'), encodeModel(read));
    await rm(at('m.onnx.sha256'));
  }

  test.each<[string, Record<string, string>, RegExp]>([
    [
      'an offset beyond the end',
      { offset: '8196' },
      /wide\.weight: it is bytes 8196 to 10440 of 'm\.onnx\.data', which has 10436/,
    ],
    ['an offset below 0', { offset: '-4' }, /its offset is '-4'/],
    ['an offset that is no number', { offset: 'x' }, /its offset is 'x'/],
    ['an offset without end', { offset: '1e300' }, /its offset is '1e300'/],
    ['another length', { length: '2240' }, /\[17, 33\] of float32 are 2244 bytes\. Received: 2240/],
    [
      'a file elsewhere',
      { location: '../m.onnx.data' },
      /names '\.\.\/m\.onnx\.data', which is not in its folder/,
    ],
    ['a file by its whole path', { location: '/etc/hostname' }, /which is not in its folder/],
    ['a file that is missing', { location: 'gone.data' }, /gone\.data: no such file/],
    ['a folder', { location: 'folder' }, /folder could not be read: it is no file/],
  ])('%s', async (_, change, message) => {
    await mkdir(at('folder'));
    await damaged(change);
    const before = tf.memory().numTensors;
    const failure = importOnnxFile(at('m.onnx'));
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toBeInstanceOf(OnnxError);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a file cut short', async () => {
    await write();
    await writeFile(at('m.onnx.data'), (await readFile(at('m.onnx.data'))).subarray(0, 9000));
    await rm(at('m.onnx.sha256'));
    await expect(importOnnxFile(at('m.onnx'))).rejects.toThrow(/to 10436 of 'm\.onnx\.data', which has 9000/);
  });

  test.each([
    ['a byte of 0', Buffer.alloc(1)],
    ['zeros up to the next page', Buffer.alloc(4096 - (10_436 % 4096))],
    ['much else', Buffer.alloc(100_000, 7)],
  ])('a file that goes on behind its last tensor: %s', async (_, more) => {
    await write();
    await rm(at('m.onnx.sha256'));
    await appendFile(at('m.onnx.data'), more);
    const received = 10_436 + more.length;
    const message = `expected 10436 bytes, where the last of its tensors ends. Received: ${received}.`;
    await expect(importOnnxFile(at('m.onnx'))).rejects.toThrow(`the file 'm.onnx.data' is not the one that`);
    await expect(importOnnxFile(at('m.onnx'))).rejects.toThrow(message);
    const [model, data] = await Promise.all(['m.onnx', 'm.onnx.data'].map((name) => readFile(at(name))));
    const externalData = new Map<string, Uint8Array>([['m.onnx.data', data]]);
    expect(() => importOnnx(model, { externalData })).toThrow(message);
    importOnnx(model, { externalData: new Map([['m.onnx.data', data.subarray(0, 10_436)]]) }).dispose();
  });

  test('a file that is cut short where no layer reads it, and a FIFO', async () => {
    await write();
    const read = decodeModel(await readFile(at('m.onnx')));
    const [tensor] = tensorsOf(read).filter(({ name }) => name === 'wide.weight');
    const places = { location: 'm.onnx.data', offset: '10436', length: String(17 * 33 * 4) };
    const externalData = Object.entries(places).map(([key, value]) => ({
      ...tensor.externalData[0],
      key,
      value,
    }));
    read.graph!.initializer.push({ ...tensor, name: 'spare', externalData });
    await writeFile(at('m.onnx'), encodeModel(read));
    await rm(at('m.onnx.sha256'));
    await expect(importOnnxFile(at('m.onnx'))).rejects.toThrow(
      `spare: it is bytes 10436 to 12680 of 'm.onnx.data', which has 10436`,
    );
    await rm(at('m.onnx.data'));
    execFileSync('mkfifo', [at('m.onnx.data')]);
    await expect(importOnnxFile(at('m.onnx'))).rejects.toThrow(/it is no file but a FIFO/);
    await expect(importOnnxFile(at('m.onnx'))).rejects.toBeInstanceOf(OnnxError);
  });

  test('without keeping a file open', async () => {
    const open = async () => (await readdir('/dev/fd')).length;
    await damaged({ offset: '-4' });
    const before = await open();
    for (let i = 0; i < 5; i++) await expect(importOnnxFile(at('m.onnx'))).rejects.toThrow();
    expect(await open()).toBeLessThan(before + 5);
  });
});
