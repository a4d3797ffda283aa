import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, so told that another one can find out whether it is still there. */
export interface Owner {
  /** Of the host's name, so that it goes into names of files. */
  readonly host: string;
  readonly pid: number;
  /** When it began, as the system counts: numbers of processes are given out again. Empty where the system does not tell. */
  readonly began: string;
}

/** `unknown`: on another host. */
export type OwnerState = 'running' | 'gone' | 'unknown';

/** This process. */
export function thisProcess(): Owner {
  return { host: hostMark(), pid: process.pid, began: beginOf(process.pid) ?? '' };
}

/** Whether two are the same process. */
export function isSameProcess(a: Owner, b: Owner): boolean {
  return a.host === b.host && a.pid === b.pid && a.began === b.began;
}

/**
 * Whether a process is there still.
 *
 * @example
 * stateOf(thisProcess()); // 'running'
 */
export function stateOf({ host, pid, began }: Owner): OwnerState {
  if (host !== hostMark()) return 'unknown';
  if (!isThere(pid)) return 'gone';
  const found = beginOf(pid);
  return found === undefined || began === '' || found === began ? 'running' : 'gone';
}

/**
 * Whether the owner of something will not come back to it: it is gone, or it is on another host, where nobody here can look,
 * and did not touch it for so long.
 */
export function isAbandoned(owner: Owner, touchedMs: number, patienceMs: number): boolean {
  const state = stateOf(owner);
  return state === 'gone' || (state === 'unknown' && Date.now() - touchedMs > patienceMs);
}

/** Eight letters for this host: containers that share a folder have names of their own. */
function hostMark(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // There, and of another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Linux: field 22 of `/proc/PID/stat`, in ticks since the system began. */
function beginOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, field 2, is in parentheses and may hold any letter.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
