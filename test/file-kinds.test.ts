import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { createModel } from '../models';
import { CardinalError, InvalidArgumentError } from '../src/errors';
import { loadLayersModel } from '../src/export/load-layers-model-node';
import { saveLayersModel } from '../src/export/save-layers-model-node';
import { toGraphModel } from '../src/export/graph-model';
import { recognise } from '../src/file-kinds';
import { lowerModel } from '../src/graph/lower-model';
import { loadGraphModel } from '../src/import/graph-model';
import { loadKerasModel } from '../src/import/keras-file';
import { loadKerasFile } from '../src/import/keras-file-node';
import { loadWeights } from '../src/import/load-weights';
import { importOnnx } from '../src/import/onnx';
import { OnnxError } from '../src/import/onnx-error';
import { importOnnxFile } from '../src/import/onnx-node';
import { useBackend } from '../src/backends/use-backend-node';
import { readSafetensors } from '../src/safetensors/file-node';
import { parseSafetensors } from '../src/safetensors/parse';
import { SafetensorsError } from '../src/safetensors/tensor';
import { TESTED_BACKENDS } from './support/backends';
import { onnxFile } from './support/onnx-files';

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

/** As their own libraries write them, by scripts/fixtures/file_heads.py. */
const WRITTEN = JSON.parse(readFileSync(join(__dirname, 'fixtures', 'file-heads.json'), 'utf8')) as {
  readonly heads: Readonly<Record<string, string>>;
};

const POINTER = `version https://git-lfs.github.com/spec/v1
oid sha256:${'0f'.repeat(32)}
size 102469840
`;
const INDEX = {
  metadata: { total_size: 4 },
  weight_map: { 'a.weight': 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' },
};

const HEADS: Readonly<Record<string, Uint8Array>> = {
  ...Object.fromEntries(
    Object.entries(WRITTEN.heads).map(([name, base64]) => [
      name,
      new Uint8Array(Buffer.from(base64, 'base64')),
    ]),
  ),
  'Git LFS pointer': text(POINTER),
  'index of shards': text(JSON.stringify(INDEX, null, 2)),
  'web page': text('\n<!DOCTYPE html>\n<html><head><title>404</title></head></html>'),
  'error in XML': text('<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code></Error>'),
  'config.json of the hub': text('{\n  "architectures": ["ResNetForImageClassification"]\n}'),
  'GraphModel of tfjs': text(
    '{"format": "graph-model", "modelTopology": {"node": []}, "weightsManifest": []}',
  ),
  'LayersModel of tfjs': text('{"modelTopology": {"model_config": {}}, "weightsManifest": []}'),
  'another JSON': text('[1, 2, 3]'),
  'an empty file': new Uint8Array(),
};

/** By the head: a part of what it is said to be, and what of it reads it. */
const SAID: Readonly<Record<string, [what: RegExp, advice: RegExp]>> = {
  'torch.save, zip': [/a pickle in a zip/, /safetensors\.torch\.save_file/],
  'torch.save, as before 1.6': [/a pickle/, /safetensors\.torch\.save_file/],
  TorchScript: [/a pickle in a zip/, /safetensors\.torch\.save_file/],
  ONNX: [/an ONNX model/, /importOnnxFile reads it/],
  safetensors: [/a safetensors file/, /loadWeights reads it/],
  PNG: [/an image \(PNG\)/, /no call/],
  JPEG: [/an image \(JPEG\)/, /no call/],
  GIF: [/an image \(GIF\)/, /no call/],
  WEBP: [/an image \(WebP\)/, /no call/],
  TIFF: [/an image \(TIFF\)/, /no call/],
  BMP: [/an image \(BMP\)/, /no call/],
  gzip: [/a gzip archive/, /unpack/],
  bzip2: [/a bzip2 archive/, /unpack/],
  xz: [/an xz archive/, /unpack/],
  zip: [/a zip archive/, /unpack/],
  tar: [/a tar archive/, /unpack/],
  '.npy': [/an array of NumPy/, /safetensors\.numpy/],
  '.npz': [/NumPy's arrays/, /safetensors\.numpy/],
  '.keras': [/a \.keras file/, /loadKerasFile reads it/],
  '.h5': [/an HDF5 file, as Keras writes \.h5/, /\.save\('model\.keras'\)/],
  SavedModel: [/a TensorFlow SavedModel/, /tensorflowjs_converter/],
  'TensorFlow Lite': [/a TensorFlow Lite model/, /no call/],
  'frozen graph': [/a frozen graph of TensorFlow/, /tensorflowjs_converter/],
  'Keras config': [/the config of a Keras model/, /loadKerasFile/],
  'Git LFS pointer': [/a Git LFS pointer to 102469840 bytes/, /git lfs pull/],
  'index of shards': [
    /the index of a model in several safetensors files \(model-00001-of-00002/,
    /readSafetensors reads each/,
  ],
  'web page': [/a web page/, /\/resolve\//],
  'error in XML': [/a web page/, /an error/],
  'config.json of the hub': [/the config\.json of a model/, /model\.safetensors/],
  'GraphModel of tfjs': [/a GraphModel of tfjs/, /loadGraphModel reads it/],
  'LayersModel of tfjs': [/a LayersModel of tfjs/, /loadLayersModel reads it/],
  'another JSON': [/a JSON file/, /no call/],
  'an empty file': [/an empty file/, /fetch or write it again/],
};

let folder: string;
let model: tf.LayersModel;

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
  folder = await mkdtemp(join(tmpdir(), 'file-kinds-'));
  model = createModel('mobilenet_toy', { seed: 1 });
});
afterAll(async () => {
  model.dispose();
  await rm(folder, { recursive: true });
});

/** The message of what a call throws, which must be one of ours and short enough to read. */
async function refusal(run: () => unknown): Promise<string> {
  const error = await Promise.resolve()
    .then(run)
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  expect(error).toBeInstanceOf(CardinalError);
  const { message } = error as Error;
  expect(message.length).toBeLessThan(500);
  return message;
}

test('each kind has a head', () => {
  expect(Object.keys(HEADS).sort()).toEqual(Object.keys(SAID).sort());
});

describe.each(Object.entries(SAID))('%s', (name, [what, advice]) => {
  const head = HEADS[name];

  test('is recognised', () => {
    const found = recognise(head);
    expect(found?.what).toMatch(what);
    expect(found?.advice).toMatch(advice);
  });

  test('every reader says what it is', async () => {
    const path = join(folder, `${name.replace(/\W/g, '_')}.bin`);
    await writeFile(path, head);
    const readers: [string, () => unknown][] = [
      ['safetensors', () => loadWeights(model, path)],
      ['safetensors', () => readSafetensors(path)],
      ['safetensors', () => parseSafetensors(head)],
      ['.keras', () => loadKerasFile(path)],
      ['.keras', () => loadKerasModel(head)],
      ['ONNX', () => importOnnxFile(path)],
      ['ONNX', () => importOnnx(head)],
      ['LayersModel of tfjs', () => loadLayersModel(path)],
    ];
    for (const [own, read] of readers) {
      // What a reader is for is damaged here, being cut.
      if (own === name) continue;
      const message = await refusal(read);
      expect(message).toMatch(what);
      expect(message).toMatch(advice);
      expect(message).not.toContain('damaged');
    }
    for (const [own, read] of readers.filter((_, i) => [0, 1, 3, 5, 7].includes(i))) {
      if (own !== name) expect(await refusal(read)).toContain(path);
    }
  });
});

test('a header whose length looks like another kind is one of safetensors all the same', () => {
  // 0x8b1f bytes of header, as a gzip archive begins.
  const header = `{"__metadata__":{"pad":"${' '.repeat(0x8b1f - 27)}"}}`;
  const bytes = new Uint8Array(8 + header.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(text(header), 8);
  expect([...bytes.subarray(0, 2)]).toEqual([0x1f, 0x8b]);
  expect(parseSafetensors(bytes).tensors.size).toBe(0);
  expect(recognise(bytes)?.kind).toBe('safetensors');
  expect(() => parseSafetensors(bytes.subarray(0, 500))).toThrow(SafetensorsError);
  expect(() => parseSafetensors(bytes.subarray(0, 500))).toThrow(/the header claims/);
});

describe('models of tfjs', () => {
  test('a LayersModel is loaded by its folder and by its file', async () => {
    const saved = join(folder, 'saved');
    await saveLayersModel(model, saved);
    for (const path of [saved, join(saved, 'model.json')]) {
      const loaded = await loadLayersModel(path);
      expect(loaded.countParams()).toBe(model.countParams());
      loaded.dispose();
    }
    const load = () => loadGraphModel(handlerOf(JSON.parse(readFileSync(join(saved, 'model.json'), 'utf8'))));
    expect(await refusal(load)).toMatch(
      /not a GraphModel of tfjs: it is a LayersModel, which loadLayersModel loads/,
    );
  });

  test('a GraphModel is not printed', async () => {
    const path = join(folder, 'graph');
    await mkdir(path);
    for (const [name, content] of toGraphModel(lowerModel(model))) await writeFile(join(path, name), content);
    expect(await refusal(() => loadLayersModel(path))).toBe(
      `${join(path, 'model.json')} is no LayersModel of tfjs but a GraphModel of tfjs: loadGraphModel reads it, by its path or address`,
    );
  });
});

describe('bytes', () => {
  const bytes = onnxFile({ nodes: [['Relu', ['x'], ['y']]] });
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;

  test.each<[string, Uint8Array | ArrayBuffer]>([
    ['a Uint8Array', bytes],
    ['a Buffer', Buffer.from(bytes)],
    ['an ArrayBuffer', buffer],
  ])('%s', (_, given) => {
    const imported = importOnnx(given);
    expect(imported.layers).toHaveLength(2);
    imported.dispose();
  });

  test.each<[unknown, RegExp]>([
    [
      'model.onnx',
      /^bytes: expected the bytes of an ONNX file \(importOnnxFile takes its path\)\. Received: 'model\.onnx'\.$/,
    ],
    [undefined, /Received: undefined/],
    [Promise.resolve(bytes), /Received: a promise/],
    [new Blob([]), /Received: an object of class Blob/],
    [{}, /Received: \{\}/],
    [7, /Received: 7/],
  ])('%p is none', (given, message) => {
    const call = () => importOnnx(given as never);
    expect(call).toThrow(InvalidArgumentError);
    expect(call).toThrow(message);
  });

  test('weights and .keras files as an ArrayBuffer', async () => {
    const content = readFileSync(join(__dirname, 'fixtures', 'keras', 'separable.keras'));
    const keras = await loadKerasModel(Uint8Array.from(content).buffer);
    expect(keras.layers.length).toBeGreaterThan(2);
    keras.dispose();
    await expect(loadWeights(model, Uint8Array.from(text(POINTER)).buffer)).rejects.toThrow(
      /Git LFS pointer/,
    );
    await expect(loadWeights(model, 7 as never)).rejects.toThrow(/^source: expected a path, a URL/);
    await expect(loadKerasModel('a.keras' as never)).rejects.toThrow(/loadKerasFile/);
    expect(() => importOnnx(text(POINTER))).toThrow(OnnxError);
  });
});

function handlerOf(json: { modelTopology: object; weightsManifest: unknown }): tf.io.IOHandler {
  return { load: () => Promise.resolve({ ...json, weightSpecs: [], weightData: new ArrayBuffer(0) }) };
}
