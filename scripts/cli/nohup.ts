import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * Whether this process was started by nohup, or by a program that ignores SIGHUP itself.
 *
 * Node gives all signals their usual effect before any JavaScript runs, so that what nohup set is gone; these are the traces that it
 * leaves elsewhere. Shells put the program that they start into `$_`, and nohup is the last that one starts; GNU's nohup opens
 * /dev/null, which nobody can read from then, in the place of a terminal, and writes to nohup.out; a script's shell under nohup
 * still ignores SIGHUP.
 */
export function isUnderNohup(): boolean {
  return (
    basename(process.env._ ?? '') === 'nohup' || readsNothing() || writesToNohupOut() || parentIgnoresHangup()
  );
}

function readsNothing(): boolean {
  const flags = /^flags:\s*(\d+)$/m.exec(textOf('/proc/self/fdinfo/0') ?? '')?.[1];
  const isWriteOnly = flags !== undefined && (parseInt(flags, 8) & 0o3) === 1;
  return isWriteOnly && linkOf('/proc/self/fd/0') === '/dev/null';
}

function writesToNohupOut(): boolean {
  return [1, 2].some((fd) => basename(linkOf(`/proc/self/fd/${fd}`) ?? '') === 'nohup.out');
}

function parentIgnoresHangup(): boolean {
  const ignored = /^SigIgn:\s*([0-9a-f]+)$/m.exec(textOf(`/proc/${process.ppid}/status`) ?? '')?.[1];
  // SIGHUP is signal 1, and so the lowest bit.
  return ignored !== undefined && (parseInt(ignored.slice(-1), 16) & 1) === 1;
}

// Only Linux has /proc.
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
