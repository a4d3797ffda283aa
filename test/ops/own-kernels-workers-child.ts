import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs';
import '../../src/backends/register-kernels';
import { useBackend } from '../../src/backends/use-backend-node';
import { groupedConv2d } from '../../src/ops/grouped-conv2d';

/** Run by a test in a process of its own: two workers, one after the other, then the main thread. */
async function main(): Promise<void> {
  const sums: number[] = [];
  for (let i = 0; i < 2; i++) {
    const worker = new Worker(__filename);
    worker.on('message', (sum: number) => sums.push(sum));
    await new Promise((resolve) => worker.on('exit', resolve));
  }
  console.log(JSON.stringify([...sums, await sumOfOutputs()]));
}

async function sumOfOutputs(): Promise<number> {
  await useBackend('tensorflow');
  const options = { groups: 8, padding: 'same', implementation: 'direct' } as const;
  return groupedConv2d(tf.ones([4, 8, 8, 32]), tf.ones([3, 3, 4, 32]), options)
    .sum()
    .dataSync()[0];
}

if (isMainThread) void main();
else void sumOfOutputs().then((sum) => parentPort?.postMessage(sum));
