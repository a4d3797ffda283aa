import { EXIT } from './exit-codes';
import { endingExitCode, endWork } from './interrupt';

const STREAMS = ['stdout', 'stderr'] as const;
let isOver = false;

/**
 * What happens where output cannot be written, which Node would answer by a bare stack trace.
 *
 * A reader that has seen enough (`cardinal list | head -1`) closes the pipe: work that goes on saves its state and ends, and what
 * was printed in full is no failure. A full device is told on stderr, and work that has something to save saves it. What cannot be
 * written to stderr, of progress most of it, is lost, and the work goes on: it is worth more than the lines about it.
 */
export function surviveLostOutput(): void {
  for (const name of STREAMS) {
    process[name].on('error', (error: NodeJS.ErrnoException) => {
      // Once the end is near, whatever else is lost changes neither what is saved nor the exit code.
      if (isOver || endingExitCode() !== undefined) return;
      if (error.code === 'EPIPE') {
        // Results are printed when all is done; a reader of messages goes away in the midst of it.
        if (endWork(EXIT.closedPipe, { patiently: true })) return;
        process.exit(name === 'stdout' ? (process.exitCode ?? EXIT.done) : EXIT.closedPipe);
      }
      if (name === 'stderr') return;
      process.stderr.write(`error: stdout could not be written: ${error.message}\n`);
      endWork(EXIT.failed);
      process.exitCode = EXIT.failed;
    });
  }
}

/** Says something on stderr, or on stdout where that fails: the last words about why the process ends. */
export function sayLast(text: string): void {
  isOver = true;
  process.stderr.write(text, (error) => {
    if (error) process.stdout.write(text);
  });
}
