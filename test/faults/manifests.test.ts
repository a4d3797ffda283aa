import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-cpu';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CardinalError } from '../../src/errors';
import { toGraphModel } from '../../src/export/graph-model';
import { layersModelFiles } from '../../src/export/layers-model';
import { loadLayersModel } from '../../src/export/load-layers-model-node';
import { foldBatchNorm } from '../../src/graph/fold-batch-norm';
import { lowerModel } from '../../src/graph/lower-model';
import { loadGraphModel } from '../../src/import/graph-model';
import { smallNetwork } from './small-network';

type Json = Record<string, unknown> & {
  weightsManifest: { paths: string[]; weights: Record<string, unknown>[] }[];
};

let home: string;
let folder: string;
let files: Record<string, Record<string, Uint8Array | string>>;
beforeAll(async () => {
  await tf.setBackend('cpu');
  home = mkdtempSync(join(tmpdir(), 'manifests-'));
  const model = smallNetwork();
  const { model: json, weights } = await layersModelFiles(model);
  files = {
    layers: { 'model.json': json, 'weights.bin': weights },
    graph: Object.fromEntries(toGraphModel(foldBatchNorm(lowerModel(model)))),
  };
  model.dispose();
});
afterAll(() => rmSync(home, { recursive: true }));

const READERS = { layers: loadLayersModel, graph: (path: string) => loadGraphModel(path) };

describe.each(['layers', 'graph'] as const)('a model of %s', (kind) => {
  let weights: string;
  beforeEach(() => {
    folder = mkdtempSync(join(home, 'model-'));
    for (const [name, content] of Object.entries(files[kind])) writeFileSync(join(folder, name), content);
    weights = Object.keys(files[kind]).find((name) => name.endsWith('.bin')) as string;
  });

  const edit = (change: (json: Json) => void): void => {
    const path = join(folder, 'model.json');
    const json = JSON.parse(readFileSync(path, 'utf8')) as Json;
    change(json);
    writeFileSync(path, JSON.stringify(json));
  };
  const load = async (): Promise<void> => void (await READERS[kind](folder)).dispose();
  const refusal = async (): Promise<string> => {
    const before = tf.memory().numTensors;
    const error: unknown = await load().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CardinalError);
    expect(tf.memory().numTensors).toBe(before);
    return (error as Error).message;
  };

  test('is read as it is, and where its files are links into one folder, as the hub keeps them', async () => {
    await load();
    const blobs = join(folder, 'blobs');
    const snapshot = join(folder, 'snapshot');
    mkdirSync(blobs);
    mkdirSync(snapshot);
    for (const [i, name] of Object.keys(files[kind]).entries()) {
      renameSync(join(folder, name), join(blobs, `blob${i}`));
      symlinkSync(join('..', 'blobs', `blob${i}`), join(snapshot, name));
    }
    folder = snapshot;
    await load();
  });

  test.each(['../out.bin', '/etc/hostname', 'a/../../out.bin', 'C:\\out.bin', ''])(
    'that names %j as its weights is refused',
    async (name) => {
      edit((json) => (json.weightsManifest[0].paths = [name]));
      expect(await refusal()).toContain('in its folder');
    },
  );

  test('whose weights are a link out of its folder is refused', async () => {
    const outside = mkdtempSync(join(home, 'outside-'));
    renameSync(join(folder, weights), join(outside, weights));
    symlinkSync(join(outside, weights), join(folder, weights));
    expect(await refusal()).toContain('in its folder');
  });

  test.each([
    ['a FIFO', (path: string) => execFileSync('mkfifo', [path])],
    ['a folder', (path: string) => mkdirSync(path)],
    ['a device', (path: string) => symlinkSync('/dev/zero', path)],
  ])('whose weights are %s is refused, and so is one whose model.json is', async (_, make) => {
    for (const name of [weights, 'model.json']) {
      rmSync(join(folder, name));
      make(join(folder, name));
      expect(await refusal()).toContain(folder);
      rmSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name), files[kind][name]);
    }
  });

  test.each([
    ['one byte more', (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.of(0)])],
    ['one byte less', (bytes: Uint8Array) => bytes.subarray(0, -1)],
  ])('whose weights have %s is refused by their name', async (_, change) => {
    writeFileSync(join(folder, weights), change(readFileSync(join(folder, weights))));
    expect(await refusal()).toContain(join(folder, weights));
  });

  test.each([
    ['shape', [-1, 3]],
    ['shape', [1e9, 1e9]],
    ['shape', 'wide'],
    ['dtype', 'float128'],
    ['name', '__proto__'],
    ['quantization', { dtype: 'uint4' }],
  ])('whose first weight has the %s %j is refused', async (key, value) => {
    edit((json) => (json.weightsManifest[0].weights[0][key] = value));
    expect(await refusal()).toContain('model.json');
  });
});

describe('the graph of a GraphModel', () => {
  type Node = { name: string; op: string; input?: string[] };
  const refusal = async (change: (nodes: Node[]) => void): Promise<string> => {
    const at = mkdtempSync(join(home, 'graph-'));
    for (const [name, content] of Object.entries(files.graph)) writeFileSync(join(at, name), content);
    const json = JSON.parse(readFileSync(join(at, 'model.json'), 'utf8')) as {
      modelTopology: { node: Node[] };
    };
    change(json.modelTopology.node);
    writeFileSync(join(at, 'model.json'), JSON.stringify(json));
    const before = tf.memory().numTensors;
    const error: unknown = await loadGraphModel(at).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CardinalError);
    expect(tf.memory().numTensors).toBe(before);
    return (error as Error).message;
  };
  const computed = (nodes: Node[]): Node[] => nodes.filter(({ input = [] }) => input.length > 0);

  test('that reads a name that is not there, itself, or in a circle is refused by the node', async () => {
    expect(await refusal((nodes) => (computed(nodes)[1].input = ['nobody']))).toMatch(
      /node .* reads 'nobody', which is not there/,
    );
    expect(await refusal((nodes) => (computed(nodes)[1].input = [computed(nodes)[1].name]))).toMatch(
      /node .* reads itself/,
    );
    expect(
      await refusal((nodes) => {
        const [first, second] = computed(nodes);
        first.input = [second.name];
        second.input = [first.name];
      }),
    ).toMatch(/reads in a circle: .* reads .* reads /);
  });

  test('with an operation that tfjs does not know is refused by its name', async () => {
    expect(await refusal((nodes) => (computed(nodes)[1].op = 'FancyConv'))).toContain(
      'tfjs has no operation FancyConv',
    );
  });

  test('with two nodes of a name, or a node without, is refused', async () => {
    expect(await refusal((nodes) => nodes.push({ ...nodes[0] }))).toContain(`two nodes are called`);
    expect(await refusal((nodes) => (nodes[0].name = ''))).toContain('the name of a node');
    expect(
      await refusal((nodes) =>
        nodes.splice(
          nodes.findIndex(({ op }) => op === 'Const'),
          1,
        ),
      ),
    ).toContain('which is not there');
  });
});
