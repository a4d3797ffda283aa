import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A name beside `path` under which a result is made before it is renamed to `path`. */
export function temporaryName(path) {
  return `${path}.tmp-${process.pid}-${randomUUID().slice(0, 8)}`;
}

/** Writes a small file whole or not at all. */
export function writeFileWhole(path, text) {
  const temporary = temporaryName(path);
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

/**
 * Moves a finished folder to its place. Where another set-up has put one there first, that one stays, unless
 * `isGood` says it is of no use.
 */
export function moveFolderInPlace(temporary, path, isGood) {
  if (existsSync(path) && !isGood(path)) {
    const aside = temporaryName(path);
    renameSync(path, aside);
    rmSync(aside, { recursive: true, force: true });
  }
  try {
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (!isGood(path)) throw error;
  }
}

/** Removes what set-ups that were killed left in a folder under temporary names. */
export function removeAbandoned(folder) {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const owner = /\.tmp-(\d+)-[0-9a-f]{8}$/.exec(name);
    if (owner === null || isRunning(Number(owner[1]))) continue;
    // The pip of a killed set-up may still be writing in there.
    rmSync(join(folder, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Makes a folder and those above it. Node's own `recursive` never returns under /proc, where a folder that exists
 * answers that it does not.
 */
export function makeFolder(path) {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if (error.code !== 'EEXIST' || !statSync(path).isDirectory()) throw error;
  }
}

/** Whether a process of that number exists. */
export function isRunning(pid) {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
