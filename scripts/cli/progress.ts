const PLAIN_INTERVAL_MS = 5_000;
const REDRAW_INTERVAL_MS = 100;
const RATE_WINDOW_MS = 10_000;
const BAR_WIDTH = 24;

/** A running progress display. */
export interface Progress {
  /** Tells how many units are done, and values to show beside the bar such as `{loss: '1.23'}`. */
  update(done: number, details?: Record<string, string>): void;
  /** Ends the display; the last state stays visible. */
  stop(): void;
}

// The bar that owns the last line of the terminal, so that other output can step around it.
let redraw: { clear(): void; draw(): void } | undefined;

/** Lets other output reach the terminal without tearing a bar that is being shown. */
export const activeBar = {
  outside(write: () => void): void {
    redraw?.clear();
    write();
    redraw?.draw();
  },
};

/**
 * Shows the progress of long work on stderr: a bar with rate and time left on a terminal, elsewhere a plain line
 * at most every 5 seconds and one at the end.
 *
 * @param total the number of units to do; 0 where it is not known
 * @param unit what is counted, such as `images`; `bytes` is shown in MB
 *
 * @example
 * const progress = startProgress('epoch 1/10', 500, 'images');
 * progress.update(64, { loss: '2.31' });
 * progress.stop();
 */
export function startProgress(label: string, total: number, unit: string): Progress {
  const state: State = { label, total, unit, done: 0, details: {}, samples: [{ at: Date.now(), done: 0 }] };
  return process.stderr.isTTY === true ? startBar(state) : startLines(state);
}

interface State {
  readonly label: string;
  readonly total: number;
  readonly unit: string;
  done: number;
  details: Record<string, string>;
  samples: { at: number; done: number }[];
}

function startBar(state: State): Progress {
  let drawnAt = 0;
  const clear = (): void => void process.stderr.write('\r\u001b[K');
  const draw = (): void => {
    drawnAt = Date.now();
    const text = `${state.label} ${drawBar(state)} ${describe(state)}`;
    // A line that wraps could not be redrawn in place.
    process.stderr.write(`\r${text.slice(0, (process.stderr.columns || 80) - 1)}\u001b[K`);
  };
  const own = { clear, draw };
  redraw = own;
  draw();
  return {
    update(done, details) {
      record(state, done, details);
      if (redraw === own && Date.now() - drawnAt >= REDRAW_INTERVAL_MS) draw();
    },
    stop() {
      if (redraw !== own) return;
      draw();
      process.stderr.write('\n');
      redraw = undefined;
    },
  };
}

function startLines(state: State): Progress {
  let saidAt = Date.now();
  let saidDone = 0;
  let stopped = false;
  const say = (): void => {
    saidAt = Date.now();
    saidDone = state.done;
    process.stderr.write(`${state.label}: ${describe(state)}\n`);
  };
  return {
    update(done, details) {
      record(state, done, details);
      if (Date.now() - saidAt >= PLAIN_INTERVAL_MS) say();
    },
    stop() {
      if (!stopped && state.done > saidDone) say();
      stopped = true;
    },
  };
}

function record(state: State, done: number, details: Record<string, string> | undefined): void {
  const now = Date.now();
  state.done = done;
  if (details !== undefined) state.details = details;
  state.samples.push({ at: now, done });
  while (state.samples.length > 2 && now - state.samples[1].at > RATE_WINDOW_MS) state.samples.shift();
}

function drawBar({ done, total }: State): string {
  const filled = total > 0 ? Math.min(BAR_WIDTH, Math.floor((BAR_WIDTH * done) / total)) : 0;
  return '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
}

function describe(state: State): string {
  const { done, total, unit } = state;
  const [oldest, newest] = [state.samples[0], state.samples[state.samples.length - 1]];
  const seconds = (newest.at - oldest.at) / 1000;
  const rate = seconds > 0 ? (newest.done - oldest.done) / seconds : 0;
  const parts = [total > 0 ? `${amount(done, unit)}/${amount(total, unit)} ${unitName(unit)}` : ''];
  if (total === 0) parts[0] = `${amount(done, unit)} ${unitName(unit)}`;
  if (rate > 0) parts.push(`${amount(rate, unit)} ${unitName(unit)}/s`);
  for (const [name, value] of Object.entries(state.details)) parts.push(`${name} ${value}`);
  if (rate > 0 && total > done) parts.push(`${duration((total - done) / rate)} left`);
  return parts.join(' | ');
}

function unitName(unit: string): string {
  return unit === 'bytes' ? 'MB' : unit;
}

function amount(value: number, unit: string): string {
  if (unit === 'bytes') return (value / 1e6).toFixed(1);
  return value >= 100 || Number.isInteger(value) ? Math.round(value).toString() : value.toPrecision(2);
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
