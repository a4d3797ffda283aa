import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs';

import { useBackend } from '../../../src/backends/use-backend-node';
import { evaluate } from '../../../src/train/evaluate';
import { train } from '../../../src/train/train';
import { smallDataset, smallModel } from '../../train/small-problem';

type Task = 'finish' | 'exit' | 'wait';

/** What a model is that was trained in this thread: the same wherever the same is done. */
async function lossOfTraining(onStep: () => void = () => {}): Promise<number> {
  await useBackend('auto');
  const images = smallDataset(32);
  const model = smallModel();
  await train(model, { train: images }, { epochs: 2, batchSize: 8, seed: 3, onStep });
  const { loss } = await evaluate(model, images);
  model.dispose();
  return loss;
}

function inThread(task: Task): { worker: Worker; ended: Promise<number | undefined> } {
  const worker = new Worker(__filename, { workerData: task });
  let loss: number | undefined;
  const ended = new Promise<number | undefined>((resolve, reject) => {
    worker.on('message', (told: number | 'training') => {
      if (told !== 'training') loss = told;
      else if (task === 'wait') void worker.terminate();
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve(loss));
  });
  return { worker, ended };
}

/** Two threads at once, one that ends itself and one that is ended in the midst of training, then this one. */
async function main(): Promise<void> {
  const tasks: Task[] = ['finish', 'exit', 'finish', 'wait'];
  const losses = await Promise.all(tasks.map((task) => inThread(task).ended));
  const tensors = tf.memory().numTensors;
  const own = await lossOfTraining();
  const left = tf.memory().numTensors - tensors;
  process.stdout.write(JSON.stringify({ losses: losses.map((loss) => loss ?? null), own, left }));
}

async function thread(task: Task): Promise<void> {
  const loss = await lossOfTraining(() => {
    if (task === 'exit') process.exit(0);
    if (task === 'wait') parentPort!.postMessage('training');
  });
  parentPort!.postMessage(loss);
}

void (isMainThread ? main() : thread(workerData as Task));
