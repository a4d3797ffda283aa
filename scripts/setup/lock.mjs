import { clearInterval, setInterval } from 'node:timers';
import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { isRunning, makeFolder } from './temporary.mjs';

const HEARTBEAT_MS = 2_000;
const STALE_AFTER_MS = 30_000;
const POLL_MS = 200;

/**
 * Runs `work` while no other set-up holds the lock file, and waits for it otherwise. A lock whose process is gone
 * counts for nothing, and so does one that has not been touched for 30 seconds (its holder touches it every 2).
 *
 * The lock saves double work; what is written is safe without it, since every result arrives by rename.
 *
 * @param onWait called once when there is somebody to wait for, with the text that names them
 */
export async function withLock(path, work, { onWait, staleAfterMs = STALE_AFTER_MS, pollMs = POLL_MS } = {}) {
  const id = randomUUID();
  makeFolder(dirname(path));
  for (let waited = false; !acquire(path, id); waited = true) {
    const holder = readHolder(path);
    if (holder === undefined) continue;
    if (isStale(holder, staleAfterMs)) {
      removeStale(path, holder);
      continue;
    }
    if (!waited) onWait?.(`process ${holder.pid} on ${holder.host}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  const heartbeat = setInterval(() => touch(path), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if (readHolder(path)?.id === id) rmSync(path, { force: true });
  }
}

function acquire(path, id) {
  try {
    const content = JSON.stringify({ id, pid: process.pid, host: hostname() });
    writeFileSync(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(path) {
  try {
    const touchedAt = statSync(path).mtimeMs;
    const text = readFileSync(path, 'utf8');
    // A lock that is empty was made an instant ago, or its maker was killed in that instant.
    const content = text === '' ? { id: '', pid: 0, host: '' } : JSON.parse(text);
    return { ...content, touchedAt };
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    if (error instanceof SyntaxError) return { id: '', pid: 0, host: '', touchedAt: statSync(path).mtimeMs };
    throw error;
  }
}

function isStale({ id, pid, host, touchedAt }, staleAfterMs) {
  const age = Date.now() - touchedAt;
  if (age > staleAfterMs || (id === '' && age > HEARTBEAT_MS)) return true;
  return host === hostname() && !isRunning(pid);
}

// Renamed first: of several that find the same stale lock only one gets to remove it.
function removeStale(path, seen) {
  const aside = `${path}.stale-${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  const caught = readHolder(aside);
  if (caught !== undefined && caught.id !== seen.id) {
    // Another set-up had taken over in between: give it its lock back.
    try {
      renameSync(aside, path);
      return;
    } catch {
      // It will finish without the lock.
    }
  }
  rmSync(aside, { force: true });
}

function touch(path) {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // Somebody took the lock for stale; the work is safe without it.
  }
}
