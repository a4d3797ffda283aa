import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { installNodeShims } from '../../src/backends/tensorflow/node-shims';
import { type BackendName, useBackend } from '../../src/backends/use-backend-node';
import { CardinalError, InvalidArgumentError } from '../../src/errors';

type Module = typeof import('../../src/backends/use-backend-node');

const ADDON_MISSING =
  'The Node.js native addon module (tfjs_binding.node) can not be found at path: /x. \nPlease run command ...';

afterEach(() => {
  jest.restoreAllMocks();
  for (const name of ['@tensorflow/tfjs-node', '@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'])
    jest.dontMock(name);
  delete process.env.TFJS_CARDINAL_NO_NATIVE;
});

/** The module as a process sees it in which tfjs-node throws `message` when it is loaded. */
function withoutTfjsNode(message: string, code?: string): Module {
  jest.doMock('@tensorflow/tfjs-node', () => {
    throw Object.assign(new Error(message), { code });
  });
  jest.doMock('@tensorflow/tfjs', () => tf); // the very one that this file uses
  jest.doMock('@tensorflow/tfjs-backend-wasm', () => ({}));
  let isolated: Module | undefined;
  jest.isolateModules(() => {
    isolated = require('../../src/backends/use-backend-node') as Module;
  });
  return isolated as Module;
}

function catchStderr(): string[] {
  const lines: string[] = [];
  jest.spyOn(process.stderr, 'write').mockImplementation((chunk) => Boolean(lines.push(String(chunk))));
  return lines;
}

test.each(['wasm', 'cpu'] as const)('%s becomes the current backend and computes', async (name) => {
  jest.spyOn(console, 'warn').mockImplementation(); // tfjs recommends tfjs-node when its cpu backend starts
  expect(await useBackend(name)).toEqual({ backend: name, missing: [] });
  expect(tf.getBackend()).toBe(name);
  const product = tf.tidy(() => tf.matMul([[1, 2]], [[3], [4]]).arraySync());
  expect(product).toEqual([[11]]);
});

test('auto is TensorFlow where it loads, else WASM with the reason', async () => {
  const lines = catchStderr();
  const { backend, missing } = await useBackend();
  if (backend === 'tensorflow') {
    expect(missing).toEqual([]);
    expect(lines).toEqual([]);
  } else {
    expect(backend).toBe('wasm');
    expect(missing).toEqual([expect.stringMatching(/tfjs-node/)]);
  }
  expect(tf.tidy(() => tf.add([1], [2]).arraySync())).toEqual([3]);
});

test('auto without the addon falls back to WASM and says once what is missing and what to do', async () => {
  const { useBackend: isolated } = withoutTfjsNode(ADDON_MISSING);
  const lines = catchStderr();
  const choice = await isolated('auto');
  expect(choice.backend).toBe('wasm');
  expect(choice.missing).toEqual([
    expect.stringMatching(/addon of @tensorflow\/tfjs-node is missing: run 'npx cardinal setup'/),
  ]);
  await isolated('auto');
  expect(lines).toEqual([expect.stringMatching(/^running on the wasm backend: the native addon .*\n$/)]);
});

test('TFJS_CARDINAL_NO_NATIVE=1 turns TensorFlow off', async () => {
  process.env.TFJS_CARDINAL_NO_NATIVE = '1';
  const lines = catchStderr();
  expect(await useBackend('auto')).toEqual({
    backend: 'wasm',
    missing: [expect.stringContaining('unset it')],
  });
  expect(lines).toHaveLength(1);
});

test.each([
  ['the addon is missing', ADDON_MISSING, undefined, /addon .* is missing: run 'npx cardinal setup'/],
  [
    'tfjs-node is not installed',
    "Cannot find module '@tensorflow/tfjs-node'",
    'MODULE_NOT_FOUND',
    /is not installed: run 'npm install --ignore-scripts @tensorflow\/tfjs-node'/,
  ],
  [
    'the library is broken',
    'libx.so.2: cannot open shared object file',
    'ERR_DLOPEN_FAILED',
    /does not load \(libx\.so\.2/,
  ],
])(
  'tensorflow asked for by name is an error when %s, never another backend',
  async (_, message, code, expected) => {
    const { useBackend: isolated } = withoutTfjsNode(message, code);
    const lines = catchStderr();
    const error = await isolated('tensorflow').then(
      () => undefined,
      (caught: Error) => caught,
    );
    expect(error?.name).toBe(CardinalError.prototype.constructor.name);
    expect(error?.message).toMatch(expected);
    expect(lines).toEqual([]);
  },
);

test('an unknown name is refused with the nearest valid one', async () => {
  const attempt = useBackend('tensorflw' as BackendName);
  await expect(attempt).rejects.toThrow(InvalidArgumentError);
  await expect(attempt).rejects.toThrow(/backend: expected one of .*\(did you mean 'tensorflow'\?\)/);
});

test('the shims give back what Node 23 took from util, and touch nothing that is there', () => {
  const own = (): string => 'own';
  const util: Record<string, unknown> = { isArray: own };
  installNodeShims(util);
  expect(util.isArray).toBe(own);
  const isNullOrUndefined = util.isNullOrUndefined as (value: unknown) => boolean;
  expect([null, undefined, 0, '', []].map((value) => isNullOrUndefined(value))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  const bare: Record<string, unknown> = {};
  installNodeShims(bare);
  const isArray = bare.isArray as (value: unknown) => boolean;
  expect([[1], 'x', { length: 0 }].map((value) => isArray(value))).toEqual([true, false, false]);
});
