import { createInterrupt } from '../../../scripts/cli/interrupt';
import { resolveRun, startRun } from '../../../scripts/run-training';
import { InterruptedError } from '../../../src/errors';
import { madeImages } from './train-made-images';

/**
 * Run by a test in a process of its own, which it then interrupts: trains into the folder that is its argument, or,
 * with `stuck` after that, ends up in work that never returns to JavaScript's event loop.
 */
async function main(folder: string, mode: string | undefined): Promise<void> {
  const interrupt = createInterrupt('saving');
  if (mode === 'stuck') {
    interrupt.signal.addEventListener('abort', () => {
      for (const until = Date.now() + 50_000; Date.now() < until;);
    });
    interrupt.arm();
    process.stdout.write('step 1\n');
    await new Promise((resolve) => setTimeout(resolve, 50_000));
    return;
  }
  const config = await resolveRun({
    model: 'mobilenet_toy',
    data: { validation: 20 },
    recipe: { epochs: 400, batchSize: 20 },
  });
  const images = { train: madeImages(100, 1), test: madeImages(20, 2) };
  await startRun(folder, config, {
    images,
    signal: interrupt.signal,
    reporter: { onStart: interrupt.arm, onStep: ({ step }) => process.stdout.write(`step ${step}\n`) },
  });
}

main(process.argv[2], process.argv[3]).catch((error: unknown) => {
  process.stdout.write(`${(error as Error).message}\n`);
  process.exitCode = error instanceof InterruptedError ? 130 : 1;
});
