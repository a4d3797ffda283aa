import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/use-backend-node';
import { toOnnx, type OnnxOptions } from '../../src/export/onnx';
import { decodeModel } from '../../src/export/onnx-messages';
import { foldBatchNorm } from '../../src/graph/fold-batch-norm';
import type { ElementFunction, Graph, GraphNode } from '../../src/graph/graph';
import { lowerModel } from '../../src/graph/lower-model';
import { groupedConv2D } from '../../src/layers/grouped-conv2d';
import { squeezeExcite } from '../../src/layers/squeeze-excite';
import { TESTED_BACKENDS } from '../support/backends';
import { relativeDifference, runOnnx, toNchw } from '../support/onnxruntime';
import { drawWeights } from '../support/zoo-samples';
import { conv2d, ONNX_MODELS } from './onnx-models';
import { apply, branches, chain, SMALL_IMAGE } from '../support/small-models';

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

const { layers } = tf;

/** The largest relative difference of any output, by ONNX Runtime at batch 1 and 3. */
async function difference(model: tf.LayersModel, graph: Graph, options: OnnxOptions): Promise<number> {
  const bytes = toOnnx(graph, options);
  const there = (x: tf.Tensor) => (options.layout === 'nhwc' ? x.clone() : toNchw(x));
  let largest = 0;
  for (const count of [1, 3]) {
    const shape = model.inputs[0].shape.slice(1) as number[];
    const images = tf.randomNormal([count, ...shape], 0, 1, 'float32', 9);
    const expected = [model.predict(images)].flat();
    const fed = there(images);
    const made = await runOnnx(bytes, { [model.inputs[0].name]: fed });
    expect(made.map(([name]) => name)).toEqual(graph.outputs);
    made.forEach(([, output], i) => {
      const right = there(expected[i]);
      largest = Math.max(largest, relativeDifference(output, right));
      right.dispose();
    });
    tf.dispose([images, expected, fed, made.map(([, output]) => output)]);
  }
  return largest;
}

describe('ONNX Runtime computes what the model computes', () => {
  test.each(Object.entries(ONNX_MODELS))('%s', async (_, make) => {
    const model = make();
    drawWeights(model);
    const graph = lowerModel(model);
    const before = tf.memory().numTensors;
    for (const layout of ['nchw', 'nhwc'] as const) {
      expect(await difference(model, graph, { layout })).toBeLessThan(2e-6);
      expect(await difference(model, foldBatchNorm(graph), { layout })).toBeLessThan(2e-6);
    }
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  test('slopes that no layer of tfjs has', async () => {
    const node = (name: string, before: string, which: ElementFunction): GraphNode => ({
      op: 'activation',
      name,
      function: which,
      inputs: [before],
      shape: [null, 4],
    });
    const nodes: GraphNode[] = [
      { op: 'input', name: 'x', inputs: [], shape: [null, 4] },
      node('elu', 'x', { name: 'elu', alpha: 0.5 }),
      node('hard', 'x', { name: 'hardSigmoid', alpha: 0.3, beta: 0.6 }),
    ];
    const x = tf.tensor([[-3, -0.25, 0.5, 2]]);
    const made = await runOnnx(toOnnx({ name: 'slopes', nodes, outputs: ['elu', 'hard'] }), { x });
    const expected = [
      [Math.expm1(-3) / 2, Math.expm1(-0.25) / 2, 0.5, 2],
      [0, 0.525, 0.75, 1],
    ];
    made.forEach(([, y], i) => expect(relativeDifference(y, tf.tensor([expected[i]]))).toBeLessThan(1e-6));
  });

  test('a graph that puts out its input, and a value twice', async () => {
    const model = chain(conv2d({ name: 'conv' }));
    const graph = lowerModel(model);
    const [{ name: input }] = graph.nodes;
    const x = tf.randomNormal([2, ...SMALL_IMAGE], 0, 1, 'float32', 9);
    const expected = model.predict(x) as tf.Tensor;
    const bytes = toOnnx({ ...graph, outputs: ['conv', input, 'conv'] }, { layout: 'nhwc' });
    const made = await runOnnx(bytes, { [input]: x });
    // To ONNX an output is one value, and no input.
    expect(new Set([input, ...made.map(([name]) => name)]).size).toBe(4);
    [expected, x, expected].forEach((tensor, i) => {
      expect(relativeDifference(made[i][1], tensor)).toBeLessThan(1e-6);
    });
    tf.dispose([x, expected, made.map(([, output]) => output)]);
    model.dispose();
  });
});

describe('the file', () => {
  const operators = (bytes: Uint8Array) => decodeModel(bytes).graph?.node.map(({ opType }) => opType);
  const lowered = (...row: tf.layers.Layer[]) => {
    const model = chain(...row);
    const graph = lowerModel(model);
    model.dispose();
    return graph;
  };

  test('says its operator set, shapes with a free batch, and how images are to be given', () => {
    const grouped = groupedConv2D({ filters: 16, kernelSize: 3, groups: 4, name: 'layer1.0.conv2' });
    const graph = lowered(grouped, layers.globalAveragePooling2d({ name: 'avgpool' }));
    const mean = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
    const model = decodeModel(toOnnx(graph, { mean, std: mean, metadata: { licence: 'CC0' } }));
    expect(model.irVersion).toBe(8n);
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([['', 17n]]);
    expect(model.metadataProps.map(({ key, value }) => [key, value])).toEqual([
      ['licence', 'CC0'],
      ['layout', 'NCHW'],
      ['mean', JSON.stringify(mean)],
      ['std', JSON.stringify(mean)],
    ]);
    const shapes = [...(model.graph?.input ?? []), ...(model.graph?.output ?? [])].map(({ name, type }) => {
      const tensor = type?.value.case === 'tensorType' ? type.value.value : undefined;
      return [name, ...(tensor?.shape?.dim.map(({ value }) => value.value) ?? [])];
    });
    expect(shapes).toEqual([
      [graph.nodes[0].name, 'batch', 8n, 7n, 9n],
      ['avgpool', 'batch', 16n],
    ]);
    const [conv] = model.graph?.node ?? [];
    expect([conv.opType, conv.output]).toEqual(['Conv', ['layer1.0.conv2']]);
    expect(conv.attribute.find(({ name }) => name === 'group')?.i).toBe(4n);
    expect(model.graph?.initializer.map(({ name, dims }) => [name, dims])).toEqual([
      ['layer1.0.conv2.weight', [16n, 2n, 3n, 3n]],
      ['layer1.0.conv2.bias', [16n]],
    ]);
  });

  test('has no operator that the graph could do without', () => {
    const padded = () => layers.zeroPadding2d({ padding: [1, 1] });
    const max = () => layers.maxPooling2d({ poolSize: 3, strides: 2 });
    const relu = () => layers.activation({ activation: 'relu' });
    expect(operators(toOnnx(lowered(padded(), conv2d(), relu(), padded(), max())))).toEqual([
      'Conv',
      'Relu',
      'MaxPool',
    ]);
    const gates = squeezeExcite({ squeezeChannels: 3, activation: 'relu', gate: 'sigmoid' });
    const ofGates = ['GlobalAveragePool', 'Flatten', 'Gemm', 'Relu', 'Gemm', 'Sigmoid', 'Reshape', 'Mul'];
    expect(operators(toOnnx(lowered(gates)))).toEqual(ofGates);
    expect(operators(toOnnx(lowered(padded(), max())))).toEqual(['Pad', 'MaxPool']);
    expect(operators(toOnnx(lowered(conv2d()), { layout: 'nhwc' }))).toEqual([
      'Transpose',
      'Conv',
      'Transpose',
    ]);
  });

  test('keeps padding that something else reads too', () => {
    const model = branches((x) => {
      const padded = apply(layers.zeroPadding2d({ padding: [1, 1] }), x);
      return apply(layers.concatenate(), padded, apply(conv2d({ padding: 'same' }), padded));
    });
    expect(operators(toOnnx(lowerModel(model)))).toEqual(['Pad', 'Conv', 'Concat']);
    model.dispose();
  });

  test('keeps names apart', () => {
    const graph = lowered(conv2d({ name: 'a' }), conv2d({ name: 'a.weight' }), conv2d({ name: 'a.bias' }));
    const file = decodeModel(toOnnx(graph)).graph;
    const names = [...(file?.initializer ?? []), ...(file?.node ?? [])].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['a', 'a.weight', 'a.weight_1', 'a.weight.weight']));
  });
});

test('options that cannot be', () => {
  const model = chain(conv2d());
  const graph = lowerModel(model);
  expect(() => toOnnx(graph, { layout: 'chw' as 'nchw' })).toThrow(
    "layout: expected nchw or nhwc. Received: 'chw'.",
  );
  expect(() => toOnnx(graph, { mean: [0, 0, 0] })).toThrow(
    'mean: expected 8 numbers, one a channel. Received: [0,0,0].',
  );
  expect(() => toOnnx(graph, { std: [1] })).toThrow('std: expected 8 numbers');
  model.dispose();
});

test('a graph that no ONNX file can hold', () => {
  const kernel = { shape: [1024, 524_288], data: { length: 2 ** 29 } as Float32Array };
  const nodes: GraphNode[] = [
    { op: 'input', name: 'x', inputs: [], shape: [null, 1024] },
    { op: 'linear', name: 'wide', kernel, inputs: ['x'], shape: [null, 524_288] },
  ];
  expect(() => toOnnx({ name: 'huge', nodes, outputs: ['wide'] })).toThrow(
    'huge has 2147483648 bytes of weights and an ONNX file holds less than 2 GiB: write them as external data',
  );
});
