import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import { toGraphModel, type GraphModelOptions } from '../../src/export/graph-model';
import { foldBatchNorm } from '../../src/graph/fold-batch-norm';
import type { Graph } from '../../src/graph/graph';
import { GraphRunner } from '../../src/graph/graph-runner';
import { lowerModel } from '../../src/graph/lower-model';
import { describeOnBackends, TESTED_BACKENDS } from '../support/backends';
import { GRAPH_CASES, noiseFor } from '../support/graph-cases';
import { relativeDifference } from '../support/onnxruntime';
import { sampleImages, sampleModel, zooSamples } from '../support/zoo-samples';

/** What stock tfjs loads of the files, as it would over HTTP. */
async function load(graph: Graph, options: GraphModelOptions = {}): Promise<tf.GraphModel> {
  const files = toGraphModel(graph, options);
  const { modelTopology, weightsManifest, ...rest } = jsonOf(files);
  const [{ paths, weights }] = weightsManifest;
  expect([...files.keys()]).toEqual(['model.json', ...paths]);
  const bytes = Buffer.concat(paths.map((path) => files.get(path) as Uint8Array));
  const weightData = Uint8Array.from(bytes).buffer;
  return tf.loadGraphModel(
    tf.io.fromMemory({ ...rest, modelTopology, weightSpecs: weights, weightData } as tf.io.ModelArtifacts),
  );
}

function jsonOf(files: ReadonlyMap<string, Uint8Array>): tf.io.ModelJSON {
  return JSON.parse(new TextDecoder().decode(files.get('model.json'))) as tf.io.ModelJSON;
}

describeOnBackends('stock tfjs computes what the graph says', (backend) => {
  const fastest = backend === TESTED_BACKENDS[0];

  test.each(Object.entries(GRAPH_CASES))('%s', async (_, make) => {
    const graph = make();
    const before = tf.memory().numTensors;
    for (const each of [graph, foldBatchNorm(graph)]) {
      const runner = new GraphRunner(each);
      const model = await load(each);
      for (const count of [1, 3]) {
        const input = noiseFor(each, count);
        const made = [model.predict(input) as tf.Tensor | tf.Tensor[]].flat();
        const expected = runner.run([input]);
        expect(made).toHaveLength(expected.length);
        made.forEach((tensor, i) => expect(relativeDifference(tensor, expected[i])).toBeLessThan(2e-6));
        tf.dispose([input, made, expected]);
      }
      model.dispose();
      runner.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  // Others take minutes for all of them; what their kernels compute is above.
  const samples = zooSamples().filter(([, name]) => fastest || /toy/.test(name));
  test.each(samples)('%s: %s', async (_, name) => {
    const model = sampleModel(name);
    const images = sampleImages(model, 2);
    const exported = await load(foldBatchNorm(lowerModel(model)));
    const expected = model.predict(images) as tf.Tensor;
    const made = exported.predict(images) as tf.Tensor;
    expect(relativeDifference(made, expected)).toBeLessThan(1e-4);
    tf.dispose([images, expected, made]);
    exported.dispose();
    model.dispose();
  });
});

describe('the files', () => {
  beforeAll(async () => {
    await useBackend(TESTED_BACKENDS[0]);
  });

  const toy = () => {
    const model = sampleModel('resnext_toy');
    const graph = foldBatchNorm(lowerModel(model));
    return { model, graph };
  };

  test('hold kernels in fewer bytes when asked to, and stay close', async () => {
    const { model, graph } = toy();
    const images = sampleImages(model, 4);
    const expected = model.predict(images) as tf.Tensor;
    const sizes: number[] = [];
    for (const [quantize, tolerance] of [
      [undefined, 1e-5],
      ['float16', 5e-3],
      ['uint8', 0.1],
    ] as const) {
      const files = toGraphModel(graph, { quantize });
      sizes.push(
        [...files].reduce((sum, [path, { length }]) => sum + (path.endsWith('.bin') ? length : 0), 0),
      );
      const { weights } = jsonOf(files).weightsManifest[0];
      const quantised = weights.filter(({ quantization }) => quantization !== undefined);
      const kernels = weights.filter(({ name }) => /(filter|kernel)$/.test(name));
      expect(quantised).toEqual(quantize === undefined ? [] : kernels);
      const exported = await load(graph, { quantize });
      const made = exported.predict(images) as tf.Tensor;
      const difference = relativeDifference(made, expected);
      expect(difference).toBeLessThan(tolerance);
      if (quantize !== undefined) expect(difference).toBeGreaterThan(tolerance / 1e3);
      exported.dispose();
      made.dispose();
    }
    expect(sizes[0] / sizes[1]).toBeGreaterThan(1.9);
    expect(sizes[0] / sizes[2]).toBeGreaterThan(3.5);
    tf.dispose([images, expected]);
    model.dispose();
  });

  test('keep exact what is no kernel', () => {
    const { weights } = jsonOf(toGraphModel(GRAPH_CASES.pools(), { quantize: 'uint8' })).weightsManifest[0];
    expect(weights.map(({ name }) => name)).toContain('made_4/factors');
    for (const { quantization } of weights) expect(quantization).toBeUndefined();
  });

  test('are the same each time, and cut as browsers like them', () => {
    const { model, graph } = toy();
    expect(toGraphModel(graph)).toEqual(toGraphModel(graph));
    model.dispose();
    const data = new Float32Array(2 ** 21 + 5).fill(1);
    const kernel = { shape: [1, data.length], data };
    const wide: Graph = {
      name: 'wide',
      nodes: [
        { op: 'input', name: 'x', inputs: [], shape: [null, 1] },
        { op: 'linear', name: 'y', inputs: ['x'], shape: [null, data.length], kernel },
      ],
      outputs: ['y'],
    };
    const files = toGraphModel(wide);
    const bytes = [...files.values()].slice(1).map(({ length }) => length);
    expect(bytes).toEqual([2 ** 22, 2 ** 22, 20]);
    expect([...files.keys()].slice(1)).toEqual([1, 2, 3].map((i) => `group1-shard${i}of3.bin`));
  });

  test('have one convolution a group, or a depthwise one, with what follows within', () => {
    const graph = GRAPH_CASES['grouped convolutions']();
    const count = (of: Graph, op: string) => {
      const { node } = jsonOf(toGraphModel(of)).modelTopology as { node: { op: string }[] };
      return node.filter((each) => each.op === op).length;
    };
    const ops = ['_FusedConv2D', 'Split', 'ConcatV2', 'Relu6'];
    expect(ops.map((op) => count(graph, op))).toEqual([6, 2, 2, 0]);
    const depthwise = foldBatchNorm(GRAPH_CASES['depthwise convolutions']());
    // One has two strides, which tfjs's depthwise convolution does not take: 16 groups.
    const others = ['FusedDepthwiseConv2dNative', 'Split', '_FusedConv2D', 'Conv2D'];
    expect(others.map((op) => count(depthwise, op))).toEqual([3, 1, 1, 16]);
  });
});
