import * as tf from '@tensorflow/tfjs';
import '../../src/backends/register-kernels';
import { groupedConv2d } from '../../src/ops/grouped-conv2d';
import { describeOnBackends, expectNoLeak } from '../support/backends';
import { checkGeometry } from '../support/check-geometry';
import { geometryRuns } from '../support/geometry-share';
import { randomGeometries } from '../support/random-geometries';

// Random geometries by every strategy, each pass against plain loops. `npm run test:geometries` takes 2,000 of them.
const SEED = 1;

describeOnBackends('groupedConv2d of random geometries', (backend) => {
  // Plain JavaScript takes ten times as long for each.
  it.each(geometryRuns(backend === 'cpu' ? 100 : 300))('$from to $to', async ({ from, to }) => {
    const faults: string[] = [];
    for (const geometry of randomGeometries(to - from, SEED, from)) {
      faults.push(...(await checkGeometry(geometry)).faults);
    }
    expect(faults).toEqual([]);
  });

  it('of no images has gradients in tf.grads too, and leaves no tensor behind', () => {
    const [x, filter] = [tf.zeros([0, 8, 8, 8]), tf.ones([3, 3, 4, 16])];
    const loss = (a: tf.Tensor, b: tf.Tensor) => tf.sum(groupedConv2d(a, b, { groups: 2, padding: 'same' }));
    const [dx, dFilter] = tf.grads(loss)([x, filter]);
    expect(dx.shape).toEqual([0, 8, 8, 8]);
    expect([...dFilter.dataSync()]).toEqual(Array<number>(576).fill(0));
    tf.dispose([dx, dFilter]);
    expectNoLeak(() => tf.dispose(tf.grads(loss)([x, filter])));
  });

  it('of images without pixels is what the padding gives', () => {
    const y = groupedConv2d(tf.zeros([2, 0, 3, 2]), tf.ones([1, 1, 1, 2]), { groups: 2, padding: 1 });
    expect(y.shape).toEqual([2, 2, 5, 2]);
    expect([...y.dataSync()]).toEqual(Array<number>(40).fill(0));
  });
});
