import * as tf from '@tensorflow/tfjs';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CardinalError } from '../../src/errors';
import { type Draw, drawing, mutateBytes, mutateJson } from './mutate';

/** Something that is read from a folder of files, whatever is wrong with them. */
export interface Subject {
  /** The sound files, by their names in the folder. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Reads them as a user would and disposes what it read; throws what the user would see. */
  read(folder: string): Promise<void>;
  /** The file to damage, and how; any of the files by the damage that fits its name, where absent. */
  mutate?(files: Readonly<Record<string, Uint8Array>>, draw: Draw): Record<string, Uint8Array>;
}

export type Report =
  { begin: number } | { end: number; refused: boolean; faults: string[] } | { done: true; megabytes: number };

const CPU_LIMIT_MS = 2000;

function damaged(subject: Subject, draw: Draw): Record<string, Uint8Array> {
  if (subject.mutate !== undefined) return subject.mutate(subject.files, draw);
  const names = Object.keys(subject.files);
  const name = names[Math.floor(draw() * names.length)]!;
  const mutate = name.endsWith('.json') ? mutateJson : mutateBytes;
  return { ...subject.files, [name]: mutate(subject.files[name]!, draw) };
}

function write(folder: string, files: Readonly<Record<string, Uint8Array>>): void {
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}

const ended = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? String(error)).split('\n').slice(0, 6).join('\n') : String(error);

async function round(subject: Subject, folder: string, files: Record<string, Uint8Array>): Promise<Report> {
  write(folder, files);
  const faults: string[] = [];
  const tensors = tf.memory().numTensors;
  const began = process.cpuUsage();
  let refused = false;
  try {
    await subject.read(folder);
  } catch (error) {
    refused = true;
    if (!(error instanceof CardinalError)) faults.push(`untyped: ${ended(error)}`);
    else if (error.message.length > 2000) faults.push(`a message of ${error.message.length} characters`);
  }
  const { user, system } = process.cpuUsage(began);
  const spent = (user + system) / 1000;
  if (spent > CPU_LIMIT_MS) faults.push(`${Math.round(spent)} ms of processor time`);
  const left = tf.memory().numTensors - tensors;
  if (left !== 0) faults.push(`${left} tensors left`);
  return { end: 0, refused, faults };
}

/**
 * The body of a child program, `test/faults/subjects/NAME.ts`: reads `subject` sound once, and then with the damage of each
 * seed from FIRST to LAST of the environment, and tells the parent of each.
 */
export async function holdSubject(subject: Subject): Promise<void> {
  const send = (report: Report): Promise<void> =>
    new Promise((resolve, reject) =>
      process.send!(report, undefined, undefined, (error) => (error ? reject(error) : resolve())),
    );
  const [first, last] = [Number(process.env.FIRST), Number(process.env.LAST)];
  const home = mkdtempSync(join(tmpdir(), 'cardinal-faults-'));
  process.once('disconnect', () => process.exit(1));
  try {
    const sound = join(home, 'sound');
    write(sound, subject.files);
    await subject.read(sound);
    for (let seed = first; seed < last; seed++) {
      await send({ begin: seed });
      const folder = join(home, 'damaged');
      const report = await round(subject, folder, damaged(subject, drawing(seed)));
      rmSync(folder, { recursive: true, force: true });
      await send({ ...report, end: seed } as Report);
    }
    await send({ done: true, megabytes: Math.round(process.resourceUsage().maxRSS / 1024) });
  } finally {
    rmSync(home, { recursive: true, force: true });
    process.disconnect();
  }
}
