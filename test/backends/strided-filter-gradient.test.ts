import { join } from 'node:path';
import { HAS_NATIVE } from '../support/backends';
import { runChild } from '../support/run-child';

// Without the native library there is no libtensorflow to go round.
const onNative = HAS_NATIVE ? it : it.skip;

onNative(
  'strided 1x1 filter gradients of one channel leave libtensorflow alive, and are sums of the pixels',
  async () => {
    const gradients = await runChild(join(__dirname, 'strided-filter-gradient-child.ts'), {
      TF_CPP_MIN_LOG_LEVEL: '2',
    });
    // Three images, eleven rows, every other one of four columns.
    expect(gradients).toEqual({ conv2d: 66, depthwiseConv2d: 66 });
  },
);
