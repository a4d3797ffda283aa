import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { importOnnxModelFile } from '../../scripts/import-onnx';
import { useBackend } from '../../src/backends/use-backend-node';
import * as loader from '../../src/export/load-onnxruntime-node';
import * as importer from '../../src/import/onnx';
import { OnnxError } from '../../src/import/onnx-error';
import { importOnnxFile, type ImportOnnxFileOptions } from '../../src/import/onnx-node';
import type { OnnxVerification } from '../../src/import/verify-onnx-node';
import { TESTED_BACKENDS } from '../support/backends';
import { onnxFile, type MadeFile } from '../support/onnx-files';
import { Draft, TYPES } from '../support/random-onnx/draft';

let folder: string;
let path: string;

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
  folder = await mkdtemp(join(tmpdir(), 'verify-onnx-'));
  path = join(folder, 'model.onnx');
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => rm(folder, { recursive: true }));

const conv: MadeFile = {
  nodes: [
    ['Conv', ['x', 'w'], ['c']],
    ['Relu', ['c'], ['y']],
    ['GlobalAveragePool', ['c'], ['p']],
    ['Flatten', ['p'], ['z']],
  ],
  outputs: ['y', 'z'],
  weights: { w: [4, 8, 3, 3] },
};

/** What importing a file says of it, once no tensor is left. */
async function verified(bytes: Uint8Array, options: ImportOnnxFileOptions = {}): Promise<OnnxVerification> {
  await writeFile(path, bytes);
  const before = tf.memory().numTensors;
  let found: OnnxVerification | undefined;
  const onVerified = (verification: OnnxVerification) => (found = verification);
  try {
    (await importOnnxFile(path, { ...options, onVerified })).dispose();
  } finally {
    expect(tf.memory().numTensors).toBe(before);
  }
  return found as OnnxVerification;
}

/** A fault of the importer: one weight of each layer is a little off. */
function breakImporter(): void {
  const right = importer.importOnnxModel;
  jest.spyOn(importer, 'importOnnxModel').mockImplementation((...of) => {
    const model = right(...of);
    for (const weight of model.weights) {
      tf.tidy(() => void weight.write(tf.add(weight.read(), 0.01)));
    }
    return model;
  });
}

const same = (images: number) => ({ by: 'onnxruntime-node', images });

test('an import is held against ONNX Runtime, which agrees', async () => {
  const found = await verified(onnxFile(conv));
  expect(found).toMatchObject(same(3));
  expect((found as { largestDifference: number }).largestDifference).toBeLessThan(1e-6);
});

test.each<[string, MadeFile, ImportOnnxFileOptions]>([
  ['lengths that tell no axes apart', { ...conv, input: [8, 8, 8] }, {}],
  ['a size that the file leaves open', { ...conv, input: [8, null, null] }, { inputSize: [9, 7] }],
  ['vectors', { nodes: [['Gemm', ['x', 'w'], ['y']]], input: [5], weights: { w: [5, 3] } }, {}],
  [
    'images whose channels come last, and stay so',
    {
      nodes: [
        ['Transpose', ['x'], ['t'], { perm: [0, 3, 1, 2] }],
        ['Conv', ['t', 'w'], ['c']],
        ['Transpose', ['c'], ['y'], { perm: [0, 2, 3, 1] }],
      ],
      input: [6, 5, 8],
      weights: { w: [4, 8, 3, 3] },
    },
    {},
  ],
])('%s', async (_, file, options) => {
  expect(await verified(onnxFile(file), options)).toMatchObject(same(3));
});

test.each(['uint8', 'int32', 'int64', 'double', 'float'] as const)(
  'images of %s, three at a time',
  async (type) => {
    const draft = new Draft(17, () => true, 1);
    const x = draft.input([3, 4, 6, 5], type);
    const [cast] = draft.node('Cast', [x.name], { to: TYPES.float });
    const [name] = draft.node('Conv', [cast, draft.tensor([2, 4, 1, 1], draft.weights([2, 4, 1, 1]))]);
    const bytes = draft.bytes([{ name, dims: [3, 2, 6, 5], type: 'float', isExact: false }], false);
    expect(await verified(bytes)).toMatchObject(same(3));
  },
);

test('an import that computes otherwise is refused, with the output and the difference', async () => {
  breakImporter();
  const refused = verified(onnxFile(conv));
  await expect(refused).rejects.toBeInstanceOf(OnnxError);
  await expect(refused).rejects.toThrow(
    /^\S+model\.onnx: the imported model computes otherwise than onnxruntime-node: output [yz] differs by 0\.\d+ of its largest value, where 0\.0001 is allowed/,
  );
  expect(await verified(onnxFile(conv), { verify: false })).toEqual({ unverified: 'it was not asked for' });
});

test('where ONNX Runtime is not installed, or does not take the file, it says so', async () => {
  expect(await verified(onnxFile({ ...conv, opset: 28 }))).toEqual({
    unverified: expect.stringMatching(/opset|Opset/) as string,
  });
  jest.spyOn(loader, 'loadOnnxruntime').mockImplementation(() => {
    throw new Error("onnxruntime-node is not installed: run 'npm install onnxruntime-node'");
  });
  expect(await verified(onnxFile(conv))).toEqual({
    unverified: "onnxruntime-node is not installed: run 'npm install onnxruntime-node'",
  });
});

test('the report of the command has it', async () => {
  await writeFile(path, onnxFile(conv));
  const report = await importOnnxModelFile({
    file: path,
    to: join(folder, 'to'),
    backend: TESTED_BACKENDS[0],
  });
  expect(report.original).toMatchObject(same(3));
  const again = { file: path, to: join(folder, 'to'), overwrite: true, verify: false };
  expect((await importOnnxModelFile({ ...again, backend: TESTED_BACKENDS[0] })).original).toEqual({
    unverified: 'it was not asked for',
  });
});
