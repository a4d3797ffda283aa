import { createRequire } from 'node:module';

import { endShown, show, type InPlace } from './in-place';
import { drawsInPlace } from './output';

const PLAIN_INTERVAL_MS = 5_000;
const RATE_WINDOW_MS = 10_000;
const BAR_WIDTH = { least: 8, most: 24 };

// Most commands show no bar, and need not wait for the library that draws it.
const requireWhenNeeded = createRequire(__filename);

/** A running progress display. */
export interface Progress {
  /** Tells how many units are done, and values to show beside the bar such as `{loss: '1.23'}`. */
  update(done: number, details?: Record<string, string>): void;
  /** Ends the display; the last state stays visible. */
  stop(): void;
}

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
  return drawsInPlace(process.stderr) ? startBar(state) : startLines(state);
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
  const { Format, MultiBar } = requireWhenNeeded('cli-progress') as typeof import('cli-progress');
  const bars = new MultiBar({
    stream: process.stderr,
    format: (options, { progress, maxWidth }) => {
      // A terminal echoes Ctrl-C as ^C, and where that wraps, the line could not be redrawn in place.
      const [width, text] = [maxWidth - '^C'.length, describe(state)];
      const room = width - state.label.length - text.length - 2;
      const barsize = Math.max(BAR_WIDTH.least, Math.min(BAR_WIDTH.most, room));
      const bar = Format.BarFormat(progress, { ...options, barsize });
      return `${state.label} ${bar} ${text}`.slice(0, width);
    },
    barsize: BAR_WIDTH.most,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    emptyOnZero: true,
    // A text that is written above takes the bar's line, whether or not the bar has changed since.
    forceRedraw: true,
    // The terminal stays as it is: to give it back its cursor after Ctrl-C would take a listener, and with one the
    // system no longer ends a process that is within a native call. A line that is too long is cut above.
    hideCursor: false,
    linewrap: true,
    gracefulExit: false,
  });
  const display: InPlace = {
    writeAbove(text) {
      bars.log(text);
      // What is only logged waits for the next frame, and would be lost if the bar ended before it.
      bars.update();
    },
    end: () => bars.stop(),
  };
  show(display);
  const bar = bars.create(state.total, 0);
  bars.update();
  return {
    update(done, details) {
      record(state, done, details);
      bar.update(done);
    },
    stop: () => endShown(display),
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

function describe(state: State): string {
  const { done, total, unit } = state;
  const [oldest, newest] = [state.samples[0], state.samples[state.samples.length - 1]];
  const seconds = (newest.at - oldest.at) / 1000;
  const rate = seconds > 0 ? (newest.done - oldest.done) / seconds : 0;
  const parts = [total > 0 ? `${amount(done, unit)}/${amount(total, unit)} ${unitName(unit)}` : ''];
  if (total === 0) parts[0] = `${amount(done, unit)} ${unitName(unit)}`;
  if (rate > 0) parts.push(`${amount(rate, unit)} ${unitName(unit)}/s`);
  if (rate > 0 && total > done) parts.push(`${duration((total - done) / rate)} left`);
  for (const [name, value] of Object.entries(state.details)) parts.push(`${name} ${value}`);
  return parts.join(' | ');
}

function unitName(unit: string): string {
  return unit === 'bytes' ? 'MB' : unit;
}

function amount(value: number, unit: string): string {
  if (unit === 'bytes') return (value / 1e6).toFixed(1);
  return value >= 100 || Number.isInteger(value) ? Math.round(value).toString() : value.toPrecision(2);
}

/** 205 as `3 min 25 s`. */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
