const LINE_INTERVAL_MS = 5_000;
const BAR_INTERVAL_MS = 100;
const BAR_WIDTH = 24;

/**
 * What set-up says goes to stderr, so that a command that runs set-up first keeps a clean stdout.
 *
 * @param stream where to write; a bar is drawn only on a terminal
 */
export function makeReporter(stream = process.stderr) {
  return {
    say: (text) => void stream.write(`setup: ${text}\n`),
    progress: (label, total) => startProgress(stream, label, total),
  };
}

function startProgress(stream, label, total) {
  const interactive = stream.isTTY === true && process.env.TERM !== 'dumb';
  const interval = interactive ? BAR_INTERVAL_MS : LINE_INTERVAL_MS;
  const startedAt = Date.now();
  let shownAt = interactive ? 0 : startedAt;
  const text = (done) => {
    const seconds = (Date.now() - startedAt) / 1000;
    const rate = seconds > 0.2 ? done / seconds : 0;
    const parts = [`${megabytes(done)}/${megabytes(total)} MB`];
    if (rate > 0) parts.push(`${megabytes(rate)} MB/s`);
    if (rate > 0 && done < total) parts.push(`${Math.ceil((total - done) / rate)} s left`);
    return parts.join(' | ');
  };
  const show = (done) => {
    shownAt = Date.now();
    if (!interactive) return void stream.write(`setup: ${label}: ${text(done)}\n`);
    const filled = Math.min(BAR_WIDTH, Math.floor((BAR_WIDTH * done) / Math.max(total, 1)));
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
    const line = `setup: ${label} ${bar} ${text(done)}`;
    stream.write(`\r${line.slice(0, (stream.columns || 80) - 1)}\u001b[K`);
  };
  return {
    update(done) {
      if (Date.now() - shownAt >= interval) show(Math.min(done, total));
    },
    /** Ends the display; `done` is the last count, left out where the work failed. */
    stop(done) {
      if (done !== undefined) show(done);
      if (interactive) stream.write('\n');
    },
  };
}

function megabytes(bytes) {
  return (bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0);
}
