import { fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildChild } from '../support/run-child';
import type { Report } from './subject';

export interface Outcome {
  tried: number;
  refused: number;
  /** `SEED: what went wrong`; to see one again, run its subject with that seed alone. */
  faults: string[];
  megabytes: number;
}

// A hang is one even on a machine where other tests take the processor; slowness is measured in processor time.
const HANG_MS = 20_000;

/** Reads from `first` on, until the end or until one hangs, and returns the seed to go on from. */
function readSome(built: string, first: number, last: number, outcome: Outcome): Promise<number> {
  return new Promise((resolve) => {
    let seed = first;
    let within = false;
    let stderr = '';
    const child = fork(built, {
      env: { ...process.env, FIRST: String(first), LAST: String(last) },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    child.stderr!.on('data', (text: Buffer) => (stderr = (stderr + text.toString()).slice(-1500)));
    const hang = () => {
      outcome.faults.push(`${seed}: no answer in ${HANG_MS / 1000} s`);
      child.kill('SIGKILL');
    };
    let timer = setTimeout(hang, 3 * HANG_MS);
    child.on('message', (report: Report) => {
      clearTimeout(timer);
      timer = setTimeout(hang, HANG_MS);
      if ('begin' in report) {
        seed = report.begin;
        within = true;
      } else if ('end' in report) {
        within = false;
        outcome.tried++;
        if (report.refused) outcome.refused++;
        outcome.faults.push(...report.faults.map((fault) => `${report.end}: ${fault}`));
      } else {
        seed = last;
        outcome.megabytes = Math.max(outcome.megabytes, report.megabytes);
      }
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (seed === last) return resolve(last);
      const told = outcome.faults.at(-1)?.startsWith(`${seed}: no answer`) === true;
      if (!told) outcome.faults.push(`${seed}: the process ended with ${signal ?? code}\n${stderr}`);
      // Without a seed begun it is the sound files, or the subject itself, that fails.
      resolve(within ? seed + 1 : last);
    });
  });
}

/**
 * Reads the subject `test/faults/subjects/NAME.ts` with the damage of `count` seeds in a process of its own, which a hang or
 * a crash ends alone.
 */
export async function readMutations(name: string, count: number): Promise<Outcome> {
  const built = buildChild(join(__dirname, 'subjects', `${name}.ts`));
  const outcome: Outcome = { tried: 0, refused: 0, faults: [], megabytes: 0 };
  try {
    let seed = 0;
    while (seed < count && outcome.faults.length < 50) seed = await readSome(built, seed, count, outcome);
  } finally {
    rmSync(built);
  }
  return outcome;
}
