import * as tf from '@tensorflow/tfjs';
import { outputShape } from '../../src/ops/conv-spec';
import {
  groupedConv2d,
  groupedConv2dBackpropFilter,
  groupedConv2dBackpropInput,
} from '../../src/ops/grouped-conv2d';
import { IMPLEMENTATIONS, STRATEGIES } from '../../src/ops/strategies';
import type { Pass } from '../../src/ops/strategies/strategy';
import { oracle, relativeError } from './grouped-conv2d-oracle';
import { geometryName, specOf, type Geometry } from './random-geometries';

/** What came of some convolutions: how many passes were computed, and a line for each that was wrong. */
export interface GeometryFindings {
  passes: number;
  faults: string[];
}

/** As far from plain loops as a result may be, relative to the largest value. */
const TOLERANCE = 1e-4;

/**
 * Computes one geometry on the current backend, by every implementation that takes it and by `auto`, forward and both
 * gradients under a random output gradient, and holds each against plain loops.
 */
export async function checkGeometry(geometry: Geometry): Promise<GeometryFindings> {
  const findings: GeometryFindings = { passes: 0, faults: [] };
  const spec = specOf(geometry);
  const draw = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);
  const [x, filter, dy] = [draw(geometry.x, 1), draw(geometry.filter, 2), draw(outputShape(spec), 3)];
  const expected = oracle(await x.data(), await filter.data(), await dy.data(), spec);
  for (const implementation of IMPLEMENTATIONS) {
    const options = { ...geometry.options, implementation };
    const strategy = STRATEGIES.find(({ name }) => name === implementation);
    const passes: Record<Pass, [() => tf.Tensor, Float64Array, number[]]> = {
      forward: [() => groupedConv2d(x, filter, options), expected.y, outputShape(spec)],
      backpropInput: [
        () => groupedConv2dBackpropInput(geometry.x, dy, filter, options),
        expected.dx,
        geometry.x,
      ],
      backpropFilter: [
        () => groupedConv2dBackpropFilter(x, dy, geometry.filter, options),
        expected.dFilter,
        geometry.filter,
      ],
    };
    for (const [pass, [run, values, shape]] of Object.entries(passes)) {
      if (strategy?.declines(spec, pass as Pass, tf.getBackend()) !== undefined) continue;
      findings.passes++;
      const fault = await faultOf(run, values, shape);
      if (fault !== undefined) {
        findings.faults.push(`${implementation} ${pass}, ${geometryName(geometry)}: ${fault}`);
      }
    }
  }
  tf.dispose([x, filter, dy]);
  return findings;
}

/** What is wrong with a tensor that ought to have these values, or `undefined`. */
export async function faultOf(
  run: () => tf.Tensor,
  values: ArrayLike<number>,
  shape: readonly number[],
): Promise<string | undefined> {
  try {
    const result = run();
    const received = await result.data();
    result.dispose();
    if (result.shape.join() !== shape.join()) return `shape [${result.shape}] for [${shape}]`;
    const error = relativeError(received, values);
    return error <= TOLERANCE ? undefined : `relative error ${error}`;
  } catch (error) {
    return String(error);
  }
}
