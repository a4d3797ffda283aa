import * as tf from '@tensorflow/tfjs';
import '../../src/backends/register-kernels';
import { convSpec, outputShape, type ConvSpec } from '../../src/ops/conv-spec';
import {
  groupedConv2d,
  groupedConv2dBackpropFilter,
  groupedConv2dBackpropInput,
} from '../../src/ops/grouped-conv2d';
import { STRATEGIES } from '../../src/ops/strategies';
import { type Pass } from '../../src/ops/strategies/strategy';
import { describeOnBackends, expectNoLeak } from '../support/backends';
import { CONFORMANCE_GEOMETRIES, TENSORFLOW_GEOMETRIES } from '../support/conformance-geometries';
import { oracle, relativeError } from '../support/grouped-conv2d-oracle';

// The conformance suite: every strategy on every backend, each pass against plain loops under a random output gradient.
// A strategy added to src/ops/strategies/index.ts is tested here without a change.

type Shape4D = [number, number, number, number];

const TOLERANCE = 1e-5; // the promise is 1e-4; float32 sums of this length do better

describeOnBackends('groupedConv2d', (backend) => {
  describe.each(STRATEGIES.map((strategy) => [strategy.name, strategy] as const))(
    '%s',
    (implementation, strategy) => {
      it.each(
        backend === 'tensorflow'
          ? [...CONFORMANCE_GEOMETRIES, ...TENSORFLOW_GEOMETRIES]
          : CONFORMANCE_GEOMETRIES,
      )('$name', ({ x: xShape, filter: filterShape, options }) => {
        const spec = convSpec(xShape, filterShape, options);
        const all = { ...options, implementation };
        const { x, filter, dy } = randomInputs(spec, filterShape);
        const expected = oracle(x.dataSync(), filter.dataSync(), dy.dataSync(), spec);
        const passes: Record<Pass, [() => tf.Tensor, ArrayLike<number>, number[]]> = {
          forward: [() => groupedConv2d(x, filter, all), expected.y, outputShape(spec)],
          backpropInput: [() => groupedConv2dBackpropInput(xShape, dy, filter, all), expected.dx, xShape],
          backpropFilter: [
            () => groupedConv2dBackpropFilter(x, dy, filterShape, all),
            expected.dFilter,
            filterShape,
          ],
        };
        for (const [pass, [run, values, shape]] of Object.entries(passes)) {
          if (strategy.declines(spec, pass as Pass, backend) !== undefined) {
            // Asked for by name it refuses; another is never taken quietly.
            expect(run).toThrow(`implementation: '${implementation}' cannot compute ${pass} here`);
            continue;
          }
          const result = run();
          expect(result.shape).toEqual(shape);
          expect(relativeError(result.dataSync(), values)).toBeLessThan(TOLERANCE);
        }
      });

      it('leaves no tensor behind', () => {
        const options = { groups: 2, dilations: 2, padding: 2, implementation };
        const spec = convSpec([1, 6, 6, 4], [3, 3, 2, 4], options);
        if (strategy.declines(spec, 'forward', backend) !== undefined) return; // refused, as the cases above assert
        const { x, filter, dy } = randomInputs(spec, [3, 3, 2, 4]);
        expectNoLeak(() => {
          groupedConv2d(x, filter, options).dispose();
          groupedConv2dBackpropInput(x.shape, dy, filter, options).dispose();
          groupedConv2dBackpropFilter(x, dy, filter.shape, options).dispose();
        });
      });
    },
  );
});

function randomInputs(spec: ConvSpec, filterShape: Shape4D) {
  const shape: Shape4D = [spec.batch, spec.inHeight, spec.inWidth, spec.inChannels];
  return {
    x: tf.randomNormal<tf.Rank.R4>(shape, 0, 1, 'float32', 1),
    filter: tf.randomNormal<tf.Rank.R4>(filterShape, 0, 1, 'float32', 2),
    dy: tf.randomNormal<tf.Rank.R4>(outputShape(spec), 0, 1, 'float32', 3),
  };
}
