import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import { toSavedModel } from '../../src/export/saved-model';
import { toTensorflowGraph } from '../../src/export/tensorflow-graph';
import { foldBatchNorm } from '../../src/graph/fold-batch-norm';
import type { Graph, GraphNode } from '../../src/graph/graph';
import { GraphRunner } from '../../src/graph/graph-runner';
import { lowerModel } from '../../src/graph/lower-model';
import { groupedConv2D } from '../../src/layers/grouped-conv2d';
import { HAS_NATIVE } from '../support/backends';
import { GRAPH_CASES, noiseFor } from '../support/graph-cases';
import { relativeDifference } from '../support/onnxruntime';
import { sampleImages, sampleModel, zooSamples } from '../support/zoo-samples';

type TfjsNode = typeof import('@tensorflow/tfjs-node');

/** What tfjs-node's own loader makes of a SavedModel: outputs by the keys of the signature. */
async function runSavedModel(graph: Graph, inputs: readonly tf.Tensor[]): Promise<tf.NamedTensorMap[]> {
  const folder = mkdtempSync(join(tmpdir(), 'saved-model-'));
  try {
    for (const [path, bytes] of toSavedModel(graph)) writeFileSync(join(folder, path), bytes);
    const { node } = jest.requireActual<TfjsNode>('@tensorflow/tfjs-node');
    const [meta] = await node.getMetaGraphsFromSavedModel(folder);
    expect(meta.tags).toEqual(['serve']);
    const [[key, { name, shape }]] = Object.entries(meta.signatureDefs.serving_default.inputs);
    expect(name).toBe(`${key}:0`);
    expect(shape).toHaveLength(graph.nodes[0].shape.length);
    const model = await node.loadSavedModel(folder, ['serve'], 'serving_default');
    const made = inputs.map((input) => model.predict({ [key]: input }) as tf.NamedTensorMap);
    model.dispose();
    return made;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// tfjs-node's loader is the foreign runtime here, and it needs the native library.
const describeNative = HAS_NATIVE ? describe : describe.skip;

describeNative('TensorFlow computes what the graph says, at batch 1 and 3', () => {
  beforeAll(async () => {
    await useBackend('tensorflow');
  });

  test.each(Object.entries(GRAPH_CASES))('%s', async (_, make) => {
    const graph = make();
    for (const each of [graph, foldBatchNorm(graph)]) {
      const inputs = [noiseFor(each, 1), noiseFor(each, 3)];
      const runner = new GraphRunner(each);
      const made = await runSavedModel(each, inputs);
      const keys = toTensorflowGraph(each, { groups: 'native', fused: false }).outputs.map(({ key }) => key);
      inputs.forEach((input, batch) => {
        expect(Object.keys(made[batch]).sort()).toEqual([...keys].sort());
        const expected = runner.run([input]);
        expected.forEach((tensor, i) => {
          expect(relativeDifference(made[batch][keys[i]], tensor)).toBeLessThan(2e-6);
        });
        tf.dispose(expected);
      });
      runner.dispose();
      tf.dispose([inputs, made]);
    }
  });

  test.each(zooSamples())('%s: %s', async (_, name) => {
    const model = sampleModel(name);
    const graph = foldBatchNorm(lowerModel(model));
    const inputs = [1, 3].map((count) => sampleImages(model, count));
    const made = await runSavedModel(graph, inputs);
    inputs.forEach((images, i) => {
      const expected = model.predict(images) as tf.Tensor;
      const [logits] = Object.values(made[i]);
      expect(relativeDifference(logits, expected)).toBeLessThan(1e-4);
      expected.dispose();
    });
    tf.dispose([inputs, made]);
    model.dispose();
  });
});

describe('the nodes', () => {
  const nodesOf = (...row: tf.layers.Layer[]) => {
    const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [6, 6, 8] }), ...row] });
    const graph = lowerModel(model);
    model.dispose();
    return toTensorflowGraph(graph, { groups: 'native', fused: false });
  };

  test('keep groups as groups, without a BiasAdd that TensorFlow would fuse where it cannot', () => {
    const { nodes } = nodesOf(groupedConv2D({ filters: 4, kernelSize: 3, groups: 2 }));
    expect(nodes.map(({ op }) => op)).toEqual(['Placeholder', 'Const', 'Const', 'Conv2D', 'AddV2']);
    expect(nodes[1].value?.shape).toEqual([3, 3, 4, 4]);
  });

  test('never give a depthwise convolution pixels a side, on which TensorFlow aborts', () => {
    const depthwise = (options: object) =>
      groupedConv2D({ filters: 8, kernelSize: 3, groups: 8, ...options });
    const convolution = (options: object) => {
      const { nodes } = nodesOf(depthwise(options));
      const { op, attributes } = nodes.find((node) => /Conv/.test(node.op)) as (typeof nodes)[number];
      const [{ value }] = nodes.filter(({ name }) => name.endsWith('filter'));
      return [op, attributes.padding, value?.shape];
    };
    // One pixel a side: TensorFlow's own rule would put it on the right alone, unless the filter is larger.
    const larger = ['DepthwiseConv2dNative', { string: 'SAME' }, [4, 4, 8, 1]];
    expect(convolution({ strides: 2, padding: 1 })).toEqual(larger);
    expect(convolution({ strides: 2, padding: 0 })).toEqual([
      'DepthwiseConv2dNative',
      { string: 'VALID' },
      [3, 3, 8, 1],
    ]);
    expect(convolution({ padding: 3 })).toEqual(['Conv2D', { string: 'EXPLICIT' }, [3, 3, 1, 8]]);
  });

  test('have names that TensorFlow takes, each once', () => {
    const kernel = { shape: [2, 2], data: new Float32Array(4) };
    const linear = (name: string, before: string): GraphNode => ({
      op: 'linear',
      name,
      inputs: [before],
      shape: [null, 2],
      kernel,
    });
    const { nodes, outputs } = toTensorflowGraph(
      {
        name: 'names',
        nodes: [
          { op: 'input', name: 'a/kernel', inputs: [], shape: [null, 2] },
          linear('a', 'a/kernel'),
          linear('a:b', 'a'),
          linear('a?b', 'a:b'),
          linear('_c', 'a?b'),
        ],
        outputs: ['_c'],
      },
      { groups: 'native', fused: false },
    );
    const names = nodes.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9.][A-Za-z0-9_.\-/]*$/);
    expect(names).toEqual(expect.arrayContaining(['a/kernel', 'a/kernel_1', 'a_b', 'a_b_1', 'n_c']));
    expect(outputs).toEqual([{ key: 'n_c', node: 'n_c', shape: [null, 2] }]);
  });
});
