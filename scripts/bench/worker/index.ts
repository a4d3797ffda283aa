import * as tf from '@tensorflow/tfjs';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tensorflowVersion } from '../../../src/backends/tensorflow/load-tfjs-node';
import { type BackendName, useBackend } from '../../../src/backends/use-backend-node';
import { writeSafetensors } from '../../../src/safetensors/file-node';
import type { Answers, Greeting, Refusal, Request } from '../protocol';
import { switchOn } from './acceleration';
import { prepareConvolution } from './convolution';
import { prepareInference } from './inference';
import { prepareMatmul } from './matmul';
import { prepareTraining } from './training';
import { UnsupportedError } from './unsupported';
import type { Prepared, Setting } from './works';

// A contestant of ours in a process of its own: index.js BACKEND IMPLEMENTATION, where the implementation `stock` is
// what a program does that has TensorFlow.js but not this package. See ../protocol.ts.

type Answer = Answers[Request['do']] | Greeting | Refusal;

async function main(backend: BackendName, implementation: string): Promise<void> {
  await useBackend(backend);
  tf.enableProdMode();
  if (implementation !== 'stock') switchOn();
  say({ versions: versions() });
  let prepared: Prepared | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request;
    try {
      if (request.do === 'prepare') {
        prepared?.dispose();
        prepared = await prepare({ ...request, implementation });
        say({ parameters: prepared.parameters });
      } else if (request.do === 'release') {
        prepared?.dispose();
        prepared = undefined;
        say({});
      } else if (prepared === undefined) {
        say({ error: 'there is no work yet' });
      } else if (request.do === 'check') {
        await writeSafetensors(request.to, await prepared.check());
        say({});
      } else {
        say({ milliseconds: await run(prepared, request) });
      }
    } catch (error) {
      say({ error: (error as Error).message, unsupported: error instanceof UnsupportedError });
    }
  }
}

function prepare(setting: Setting): Promise<Prepared> {
  switch (setting.work.kind) {
    case 'matmul':
      return prepareMatmul(setting as Setting<'matmul'>);
    case 'convolution':
      return prepareConvolution(setting as Setting<'convolution'>);
    case 'training':
      return prepareTraining(setting as Setting<'training'>);
    case 'inference':
      return prepareInference(setting as Setting<'inference'>);
  }
}

async function run(
  prepared: Prepared,
  { untimed, steps }: Extract<Request, { do: 'run' }>,
): Promise<number[]> {
  const times: number[] = [];
  for (let i = -untimed; i < steps; i++) {
    const start = performance.now();
    await prepared.step();
    if (i >= 0) times.push(performance.now() - start);
  }
  return times;
}

function versions(): Record<string, string> {
  const native = tf.getBackend() === 'tensorflow';
  return {
    node: process.versions.node,
    tfjs: tf.version.tfjs,
    ...(native && { TensorFlow: tensorflowVersion() }),
  };
}

function say(answer: Answer): void {
  writeSync(3, `${JSON.stringify(answer)}\n`);
}

main(process.argv[2] as BackendName, process.argv[3]).catch((error: unknown) => {
  say({ error: (error as Error).message });
  process.exitCode = 1;
});
