import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { hasCheckpoint, readCheckpoint, readResult } from '../../src/train/run-folder-node';
import { makeImageFolder } from '../data/made-image-folder';
import { buildChild } from '../support/run-child';
import { rounds } from './rounds';

// Whatever ends a training, its state is saved, one line says how to go on, and the exit code tells what it was.
const isFull = rounds(0, 1) === 1;
const inFull = isFull ? test : test.skip;
const onLinux = process.platform === 'linux' ? test : test.skip;

let folder: string;
let images: string;
let cli: string;
let run: string;
let runs = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cardinal-ends-'));
  images = join(folder, 'images');
  await makeImageFolder(images, { count: 4, seed: 1, width: 16, height: 16 });
  cli = buildChild(join(__dirname, '../../scripts/cli/index.ts'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(cli);
});
beforeEach(() => (run = join(folder, `run-${runs++}`)));

const started: Training[] = [];
afterEach(() => started.splice(0).forEach(({ child }) => child.kill('SIGKILL')));

test('SIGHUP, which a terminal that closes sends twice: saved, and exit code 129', async () => {
  const training = start();
  await training.firstEpoch();
  for (let i = 0; i < 2; i++) training.child.kill('SIGHUP');
  await training.said('saving');
  training.child.kill('SIGHUP');
  expect(await training.ended).toEqual([129, null]);
  await expectSaved(training);
});

inFull.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGQUIT', 131],
  ['SIGXCPU', 152],
  ['SIGUSR2', 140],
] as const)('%s: saved, and exit code %i', async (signal, code) => {
  const training = start();
  await training.firstEpoch();
  training.child.kill(signal);
  expect(await training.ended).toEqual([code, null]);
  await expectSaved(training);
});

test('Ctrl-C within the first step ends at once: there is nothing to save', async () => {
  const training = start({ args: ['--model', 'resnext50_32x4d', '--image-size', '32', '--batch-size', '8'] });
  await training.said('epochs of sgd');
  const at = performance.now();
  for (let i = 0; i < 3; i++) training.child.kill('SIGINT');
  expect(await training.ended).toEqual([null, 'SIGINT']);
  expect(performance.now() - at).toBeLessThan(1500);
});

onLinux('under nohup SIGHUP is passed over', async () => {
  const training = start({ shell: 'nohup "$@"' });
  await training.firstEpoch();
  training.child.kill('SIGHUP');
  await training.saidAgain();
  training.child.kill('SIGINT');
  expect(await training.ended).toEqual([130, null]);
});

test('a reader that closes the pipe stops the training: saved, and exit code 141', async () => {
  const training = start();
  await training.firstEpoch();
  training.child.stderr?.destroy();
  training.child.stdout?.destroy();
  expect(await training.ended).toEqual([141, null]);
  await expectSaved(training, false);
});

inFull('as head does', async () => {
  const training = start({ shell: 'set -o pipefail; "$@" 2>&1 | head -1' });
  expect(await training.ended).toEqual([141, null]);
  expect(await hasCheckpoint(run, 'last')).toBe(true);
});

onLinux('a full device as stdout: one line says so, all is saved, and exit code 1', async () => {
  const training = start({ epochs: 1, stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'] });
  expect(await training.ended).toEqual([1, null]);
  expect(training.heard).toMatch(/\nerror: stdout could not be written: ENOSPC[^\n]*\n$/);
  expect(await readResult(run)).toBeDefined();
});

onLinux('a full device as stderr: the training goes on without its lines', async () => {
  const training = start({ epochs: 2, stdio: ['ignore', 'pipe', openSync('/dev/full', 'w')] });
  expect(await training.ended).toEqual([0, null]);
  expect(training.heard).toMatch(/^mobilenet_toy: [\d.]+ %/);
  expect(await readResult(run)).toBeDefined();
});

onLinux('what fails on a full stderr is said on stdout', async () => {
  const child = spawn(process.execPath, [cli, 'info', 'nothing'], {
    stdio: ['ignore', 'pipe', openSync('/dev/full', 'w')],
  });
  const training = watch(child);
  expect(await training.ended).toEqual([2, null]);
  expect(training.heard).toMatch(/^error: model: .*\n$/);
});

test('an error that nothing catches: one line, saved, and exit code 1', async () => {
  const thrower = join(folder, 'thrower.js');
  writeFileSync(
    thrower,
    `const { existsSync } = require('node:fs');
     const timer = setInterval(() => {
       if (!existsSync(${JSON.stringify(join(run, 'metrics.jsonl'))})) return;
       clearInterval(timer);
       throw new Error('of all things\\nthis');
     }, 20).unref();`,
  );
  const training = start({ node: ['--require', thrower] });
  expect(await training.ended).toEqual([1, null]);
  expect(training.heard).toMatch(/\nerror: of all things this\n/);
  expect(training.heard).not.toMatch(/\n {4}at /);
  await expectSaved(training);
});

interface Training {
  readonly child: ChildProcess;
  readonly ended: Promise<[code: number | null, signal: NodeJS.Signals | null]>;
  readonly heard: string;
  firstEpoch(): Promise<void>;
  said(text: string): Promise<void>;
  /** Until something more is said. */
  saidAgain(): Promise<void>;
}

interface Start {
  readonly epochs?: number;
  readonly args?: readonly string[];
  readonly node?: readonly string[];
  readonly stdio?: StdioOptions;
  /** What bash is to do with the command line. */
  readonly shell?: string;
}

function start({ epochs = 10_000, args = [], node = [], stdio, shell }: Start = {}): Training {
  const options = ['--model', 'mobilenet_toy', '--epochs', String(epochs), '--batch-size', '8', ...args];
  const words = [process.execPath, ...node, cli, 'finetune', images, ...options, '--to', run];
  const [program, ...rest] = shell === undefined ? words : ['bash', '-c', shell, 'bash', ...words];
  return watch(spawn(program, rest, { stdio: stdio ?? ['ignore', 'pipe', 'pipe'], cwd: folder }));
}

function watch(child: ChildProcess): Training {
  let heard = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  }
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.once('close', (code, signal) => resolve([code, signal])),
  );
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended: ${heard}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const training: Training = {
    child,
    ended,
    get heard() {
      return heard;
    },
    firstEpoch: () => until(() => existsSync(join(run, 'metrics.jsonl'))),
    said: (text) => until(() => heard.includes(text)),
    saidAgain() {
      const before = heard.length;
      return until(() => heard.length > before + 200);
    },
  };
  started.push(training);
  return training;
}

async function expectSaved({ heard }: Training, isTold = true): Promise<void> {
  const { progress } = await readCheckpoint(run, 'last');
  expect(progress.step).toBeGreaterThan(0);
  if (!isTold) return;
  const last = heard.trimEnd().split('\n').at(-1);
  expect(last).toMatch(
    /^error: interrupted after \d+ of 10000 epochs.*; go on with: cardinal train --resume /,
  );
  expect(last).toContain(run);
}
