import * as tf from '@tensorflow/tfjs';
import { accelerate, restore } from '../../src/backends/accelerate';
import '../../src/backends/register-kernels';
import { seededRandom } from '../../src/data/random';
import { convSpec, outputShape, type ConvSpec } from '../../src/ops/conv-spec';
import { describeOnBackends } from '../support/backends';
import { faultOf } from '../support/check-geometry';
import { geometryRuns } from '../support/geometry-share';
import { oracle } from '../support/grouped-conv2d-oracle';
import { poolAxis, poolOracle } from '../support/pool-oracle';

// Stock layers and operations under accelerate(), forward and gradients, against plain loops. tfjs gets 'same' wrong on wasm where a
// stride is above the filter's extent, and the gradient of an average at the border everywhere but on tensorflow.

type Shape4D = [number, number, number, number];
const SEED = 2;

interface Drawn {
  x: Shape4D;
  size: [number, number];
  strides: [number, number];
  padding: 'same' | 'valid';
  multiplier: number;
}

function draw(index: number): Drawn {
  const random = seededRandom(SEED, index);
  const upTo = (most: number) => 1 + random.below(most);
  for (;;) {
    const x: Shape4D = [random.below(10) === 0 ? 0 : upTo(3), upTo(12), upTo(12), upTo(4)];
    const size: [number, number] = [upTo(5), upTo(5)];
    const padding = random.below(2) === 0 ? 'same' : 'valid';
    const drawn: Drawn = { x, size, strides: [upTo(4), upTo(4)], padding, multiplier: upTo(3) };
    if (padding === 'same' || (x[1] >= size[0] && x[2] >= size[1])) return drawn;
  }
}

const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);

/** A layer's output and gradients, and an operation's, which must be the same. */
async function convolutionFaults(
  drawn: Drawn,
  layer: tf.layers.Layer,
  filterShape: number[],
  spec: ConvSpec,
  op: (x: tf.Tensor4D, filter: tf.Tensor4D) => tf.Tensor,
): Promise<string[]> {
  const [x, filter, dy] = [normal(drawn.x, 1), normal(filterShape, 2), normal(outputShape(spec), 3)];
  const expected = oracle(await x.data(), await filter.data(), await dy.data(), spec);
  layer.build(drawn.x);
  layer.setWeights([filter]);
  const weight = layer.trainableWeights[0].read() as tf.Variable;
  const through = () => layer.apply(x) as tf.Tensor;
  const [gradX, gradFilter] = [
    (input: tf.Tensor) => op(input as tf.Tensor4D, filter as tf.Tensor4D),
    (input: tf.Tensor) => op(x as tf.Tensor4D, input as tf.Tensor4D),
  ];
  const faults = await allFaults({
    layer: [through, expected.y, outputShape(spec)],
    'layer, input gradient': [
      () => tf.grad((input) => layer.apply(input) as tf.Tensor)(x, dy),
      expected.dx,
      drawn.x,
    ],
    'layer, filter gradient': [
      () => tf.variableGrads(() => tf.sum(tf.mul(through(), dy)), [weight]).grads[weight.name],
      expected.dFilter,
      filterShape,
    ],
    operation: [() => gradX(x), expected.y, outputShape(spec)],
    'operation, input gradient': [() => tf.grad(gradX)(x, dy), expected.dx, drawn.x],
    'operation, filter gradient': [() => tf.grad(gradFilter)(filter, dy), expected.dFilter, filterShape],
  });
  tf.dispose([x, filter, dy, weight]);
  return faults.map((fault) => `${layer.getClassName()} ${JSON.stringify(drawn)}: ${fault}`);
}

async function allFaults(
  parts: Record<string, [run: () => tf.Tensor, values: Float64Array, shape: number[]]>,
): Promise<string[]> {
  const faults: string[] = [];
  for (const [part, [run, values, shape]] of Object.entries(parts)) {
    const fault = await faultOf(() => tf.tidy(run), values, shape);
    if (fault !== undefined) faults.push(`${part}: ${fault}`);
  }
  return faults;
}

function conv2d(drawn: Drawn): Promise<string[]> {
  const { x, size, strides, padding, multiplier } = drawn;
  const filterShape: Shape4D = [...size, x[3], multiplier];
  const layer = tf.layers.conv2d({ filters: multiplier, kernelSize: size, strides, padding, useBias: false });
  const spec = convSpec(x, filterShape, { strides, padding });
  return convolutionFaults(drawn, layer, filterShape, spec, (input, filter) =>
    tf.conv2d(input, filter, strides, padding),
  );
}

function depthwiseConv2d(drawn: Drawn): Promise<string[]> {
  const { x, size, strides, padding, multiplier } = drawn;
  const layer = tf.layers.depthwiseConv2d({ kernelSize: size, strides, padding, depthMultiplier: multiplier, useBias: false }); // prettier-ignore
  const spec = convSpec(x, [...size, 1, x[3] * multiplier], { groups: x[3], strides, padding });
  return convolutionFaults(drawn, layer, [...size, x[3], multiplier], spec, (input, filter) =>
    tf.depthwiseConv2d(input, filter, strides, padding),
  );
}

/** Fused convolutions and separable ones, whose second half is a sum over channels. */
async function fusedFaults(drawn: Drawn): Promise<string[]> {
  const { x: xShape, size, strides, padding, multiplier } = drawn;
  const x = normal(xShape, 1) as tf.Tensor4D;
  const faults: string[] = [];
  for (const kind of ['conv2d', 'depthwiseConv2d'] as const) {
    const groups = kind === 'conv2d' ? 1 : xShape[3];
    const outChannels = groups * multiplier;
    const filter = normal([...size, xShape[3], multiplier], 2) as tf.Tensor4D;
    const spec = convSpec(xShape, [...size, xShape[3] / groups, outChannels], { groups, strides, padding });
    const { y } = oracle(await x.data(), await filter.data(), new Float32Array(spec.batch * spec.outHeight * spec.outWidth * outChannels), spec); // prettier-ignore
    const bias = tf.range(0, outChannels);
    const biased = y.map((value, i) => Math.min(6, Math.max(0, value + (i % outChannels))));
    const parts: Parameters<typeof allFaults>[0] = {
      [`fused ${kind}`]: [
        () => tf.fused[kind]({ x, filter, strides, pad: padding, bias, activation: 'relu6' }),
        biased,
        outputShape(spec),
      ],
    };
    if (kind === 'depthwiseConv2d') {
      const ones = tf.ones<tf.Rank.R4>([1, 1, outChannels, 1]);
      const pixels = spec.batch * spec.outHeight * spec.outWidth;
      const sums = Float64Array.from({ length: pixels }, (_, pixel) =>
        y.subarray(pixel * outChannels, (pixel + 1) * outChannels).reduce((sum, value) => sum + value, 0),
      );
      const shape = [...outputShape(spec).slice(0, 3), 1];
      parts.separableConv2d = [() => tf.separableConv2d(x, filter, ones, strides, padding), sums, shape];
    }
    faults.push(...(await allFaults(parts)));
    tf.dispose([filter, bias]);
  }
  x.dispose();
  return faults.map((fault) => `${JSON.stringify(drawn)}: ${fault}`);
}

/** The transposed convolution is the input gradient of a forward one, whose images have the drawn size. */
async function transposedFaults(drawn: Drawn): Promise<string[]> {
  const { x, size, strides, padding, multiplier } = drawn;
  const spec = convSpec(x, [...size, x[3], multiplier], { strides, padding });
  const [dy, filter] = [normal(outputShape(spec), 3), normal([...size, x[3], multiplier], 2)];
  const ddx = normal(x, 4);
  const { dx } = oracle(new Float32Array(ddx.size), await filter.data(), await dy.data(), spec);
  const { y } = oracle(await ddx.data(), await filter.data(), new Float32Array(dy.size), spec);
  const transposed = (input: tf.Tensor) =>
    tf.conv2dTranspose(input as tf.Tensor4D, filter as tf.Tensor4D, x, strides, padding);
  const faults = await allFaults({
    conv2dTranspose: [() => transposed(dy), dx, x],
    'conv2dTranspose, input gradient': [() => tf.grad(transposed)(dy, ddx), y, outputShape(spec)],
  });
  tf.dispose([dy, filter, ddx]);
  return faults.map((fault) => `${JSON.stringify(drawn)}: ${fault}`);
}

async function poolFaults(drawn: Drawn, kind: 'max' | 'average'): Promise<string[]> {
  const { x: shape, size, strides, padding } = drawn;
  const axes = [0, 1].map((axis) => poolAxis(shape[axis + 1], size[axis], strides[axis], padding));
  const outShape = [shape[0], axes[0].output, axes[1].output, shape[3]];
  const [x, dy] = [normal(shape, 1), normal(outShape, 3)];
  const args = { poolSize: size, strides, padding };
  const layer = kind === 'max' ? tf.layers.maxPooling2d(args) : tf.layers.averagePooling2d(args);
  const expected = poolOracle(kind, await x.data(), await dy.data(), [shape[0], shape[3]], [axes[0], axes[1]]); // prettier-ignore
  const through = (input: tf.Tensor) => layer.apply(input) as tf.Tensor;
  const faults = await allFaults({
    layer: [() => through(x), expected.y, outShape],
    'layer, gradient': [() => tf.grad(through)(x, dy), expected.dx, shape],
  });
  tf.dispose([x, dy]);
  return faults.map((fault) => `${layer.getClassName()} ${JSON.stringify(drawn)}: ${fault}`);
}

const SUITES: Record<string, (drawn: Drawn) => Promise<string[]>> = {
  conv2d,
  depthwiseConv2d,
  'fused and separable': fusedFaults,
  'conv2dTranspose': transposedFaults,
  maxPooling2d: (drawn) => poolFaults(drawn, 'max'),
  averagePooling2d: (drawn) => poolFaults(drawn, 'average'),
}; // prettier-ignore

describeOnBackends('under accelerate()', (backend) => {
  beforeAll(accelerate);
  afterAll(restore);

  describe.each(Object.entries(SUITES))('stock %s', (_, faultsOf) => {
    it.each(geometryRuns(backend === 'wasm' ? 100 : 50))(
      'random geometries $from to $to',
      async ({ from, to }) => {
        const faults: string[] = [];
        for (let index = from; index < to; index++) faults.push(...(await faultsOf(draw(index))));
        expect(faults).toEqual([]);
      },
    );
  });
});
