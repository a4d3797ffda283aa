import * as tf from '@tensorflow/tfjs';
import { createModel } from '../../models';
import { useBackend } from '../../src/backends/use-backend-node';
import { assignTorchTensors } from '../../src/import/torch-weights';
import type { StoredTensor } from '../../src/safetensors/tensor';
import { torchFillTensors } from '../support/torch-fill';

// Names as DataParallel, torch.compile, FSDP, Lightning, timm's checkpoints and self-supervised training save them.

type Tensors = ReadonlyMap<string, StoredTensor>;

let model: tf.LayersModel;
let tensors: Tensors;
/** Other numbers under the same names. */
let others: Tensors;

beforeAll(() => useBackend('cpu'));
beforeEach(() => {
  model = createModel('mobilenet_toy', { initialise: false });
  tensors = torchFillTensors(model, { gain: 1 });
  others = new Map(
    [...tensors].map(([name, { data, ...rest }]) => [
      name,
      { ...rest, data: Float32Array.from(data as Float32Array, (value) => value + 3) },
    ]),
  );
});
afterEach(() => void model.dispose());

const renamed = (given: Tensors, rename: (name: string) => string): [string, StoredTensor][] =>
  [...given].map(([name, tensor]) => [rename(name), tensor]);

const stray: StoredTensor = { dtype: 'F32', shape: [1], data: Float32Array.of(1) };

function expectLoaded(from: Tensors): void {
  const bias = [...tensors.keys()].filter((name) => /fc.*bias|classifier.*bias/.test(name)).at(-1) as string;
  const layer = model.layers.at(-1) as tf.layers.Layer;
  const own = layer.getWeights().at(-1) as tf.Tensor;
  expect([...own.dataSync()]).toEqual([...(from.get(bias) as StoredTensor).data].map(Number));
}

test.each([
  'module.',
  '_orig_mod.',
  'model.',
  'backbone.',
  'encoder.',
  'state_dict.module._orig_mod.model.',
  'net.0.',
  'ema.',
  'x.y.',
])('all under %p', (prefix) => {
  const report = assignTorchTensors(model, new Map(renamed(tensors, (name) => prefix + name)));
  expect(report).toEqual({
    loaded: model.weights.length,
    missing: [],
    unexpected: [],
    mismatched: [],
    prefix,
  });
  expectLoaded(tensors);
});

test('names as they are stay so', () => {
  expect(Object.keys(assignTorchTensors(model, tensors))).toEqual([
    'loaded',
    'missing',
    'unexpected',
    'mismatched',
  ]);
});

test('wrappers within names', () => {
  const wrap = (name: string) =>
    name.replace(/^([^.]+)\./, '$1._orig_mod.').replace(/\.(\w+)$/, '._checkpoint_wrapped_module.$1');
  const given = new Map(renamed(tensors, (name) => `model.${/^s/.test(name) ? name : wrap(name)}`));
  const report = assignTorchTensors(model, given);
  expect(report).toMatchObject({ prefix: 'model.', wrappers: ['_orig_mod', '_checkpoint_wrapped_module'] });
  expect(report.unexpected).toEqual([]);
  expectLoaded(tensors);
});

describe('of two copies', () => {
  test.each([
    ['model.', 'ema.'],
    ['', 'ema_model.'],
    ['state_dict.', 'state_dict_ema.'],
    ['module.', 'module_ema.module.'],
    ['online.net.', 'avg.net.'],
  ])('under %p and %p the moving average is loaded', (raw, average) => {
    for (const reversed of [false, true]) {
      const both = [renamed(tensors, (name) => raw + name), renamed(others, (name) => average + name)];
      if (reversed) both.reverse();
      const report = assignTorchTensors(model, new Map(both.flat()));
      expect(report).toMatchObject({ prefix: average, otherCopies: [raw], unexpected: [], missing: [] });
      expectLoaded(others);
    }
  });

  test('that are both no average, the one with the shortest prefix is loaded', () => {
    const both = [
      ...renamed(others, (name) => `student.${name}`),
      ...renamed(tensors, (name) => `a.${name}`),
    ];
    expect(assignTorchTensors(model, new Map(both))).toMatchObject({
      prefix: 'a.',
      otherCopies: ['student.'],
    });
    expectLoaded(tensors);
  });

  test('what belongs to neither is unexpected', () => {
    const both = [...renamed(others, (name) => `ema.${name}`), ...tensors, ['ema.step', stray] as const];
    expect(() => assignTorchTensors(model, new Map(both))).toThrow(/1 unexpected: ema\.step/);
  });
});

test("PyTorch's AveragedModel, which counts its updates", () => {
  const given = new Map([...renamed(tensors, (name) => `module.${name}`), ['n_averaged', stray] as const]);
  expect(assignTorchTensors(model, given)).toMatchObject({ prefix: 'module.', unexpected: [] });
});

test('a backbone without its classifier, and a head of another model', () => {
  const classifier = /^(fc|classifier)/;
  const kept = [...tensors].filter(([name]) => !classifier.test(name));
  const missing = [...tensors.keys()].filter((name) => classifier.test(name));
  expect(missing.length).toBeGreaterThan(0);
  const given = new Map([...renamed(new Map(kept), (name) => `backbone.${name}`), ['head.weight', stray]]);
  const refused = () => assignTorchTensors(model, given);
  expect(refused).toThrow(/without 'backbone\.' before their names; \d missing: /);
  expect(refused).toThrow(/1 unexpected: head\.weight/);
  const report = assignTorchTensors(model, given, { strict: false });
  expect(report).toMatchObject({ prefix: 'backbone.', unexpected: ['head.weight'] });
  expect([...report.missing].sort()).toEqual(missing.sort());
});

test('a few names that happen to be alike are not taken for the model', () => {
  const [[name, tensor]] = [...tensors].reverse();
  const given = new Map([
    [`other.${name}`, tensor],
    ['w', stray],
  ] as const);
  expect(() => assignTorchTensors(model, given, { strict: false })).toThrow(/not one tensor fits/);
});
