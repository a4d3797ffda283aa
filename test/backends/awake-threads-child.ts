import { readdirSync, readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { nodeBackend } from '../../src/backends/tensorflow/compile/binding';
import { loadSession, type SessionConfig } from '../../src/backends/tensorflow/compile/session';
import { useBackend } from '../../src/backends/use-backend-node';
import { savedModelBytes, TENSORFLOW_DIALECT } from '../../src/export/saved-model';
import { toTensorflowGraph } from '../../src/export/tensorflow-graph';
import { lowerModel } from '../../src/graph/lower-model';
import { sampleImages, sampleModel } from '../support/zoo-samples';

const VARIABLE = 'TFJS_CARDINAL_AWAKE_THREADS';
const PREDICTIONS = 3;
const TIME_LIMIT_MS = 30_000;

/** How often the threads of this process went to sleep so far. */
function sleeps(): number {
  return readdirSync('/proc/self/task').reduce((sum, thread) => {
    const status = readFileSync(`/proc/self/task/${thread}/status`, 'utf8');
    return sum + Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1]);
  }, 0);
}

/** Run by a test in a process of its own, since a test's `process.env` is a copy that the addon never sees. */
async function main(): Promise<void> {
  await useBackend('tensorflow');
  // As engine `tensorflow` does: else the caller waits in a way of its own.
  process.env.TF_ONEDNN_THREADPOOL_USE_CALLER_THREAD = '1';
  const model = sampleModel('mobilenet_v2_cifar');
  const graph = toTensorflowGraph(lowerModel(model), TENSORFLOW_DIALECT);
  const backend = nodeBackend();
  const { binding } = backend;
  const load = (config: SessionConfig): number =>
    loadSession(binding, savedModelBytes(graph), { isSequential: true, ...config });
  const ids = backend.getInputTensorIds([sampleImages(model, 1)]);
  const fetched = graph.outputs.map(({ node }) => `${node}:0`).join(',');
  const predict = (session: number): number[] =>
    tf.tidy(() => {
      const made = binding.runSavedModel(session, ids, `${graph.inputs[0].node}:0`, fetched);
      return Array.from(backend.createOutputTensor(made[0]).dataSync());
    });

  // What its run kept awake must sleep in the runs of others.
  const gone = load({ keepsThreadsAwake: true });
  predict(gone);
  binding.deleteSavedModel(gone);
  const isLeft = process.env[VARIABLE] !== undefined;
  const asleep = load({});
  process.env[VARIABLE] = 'true';
  const damaged = load({});
  const awake = load({ keepsThreadsAwake: true });

  // The best of many short rounds: while another process takes the processors, threads sleep whatever was asked.
  const sessions = { asleep, damaged, awake };
  const best = { asleep: Infinity, damaged: Infinity, awake: Infinity };
  const start = performance.now();
  for (let round = 0; round < 20 || best.awake > best.asleep / 4; ++round) {
    if (performance.now() - start > TIME_LIMIT_MS) break;
    for (const name of ['asleep', 'damaged', 'awake'] as const) {
      const before = sleeps();
      for (let i = 0; i < PREDICTIONS; ++i) predict(sessions[name]);
      if (round > 0) best[name] = Math.min(best[name], sleeps() - before);
    }
  }
  const logits = [predict(asleep), predict(damaged), predict(awake)];
  // Threads still look for work when the process ends.
  process.stdout.write(JSON.stringify({ isLeft, best, logits }), () => process.exit(0));
}

void main();
