import { duration } from '../cli/progress';

/** A run as the board shows it. */
export interface BoardRun {
  readonly label: string;
  readonly seed: number;
  readonly status: 'waiting' | 'running' | 'done' | 'failed';
  /** Share of its training that is done, from 0 to 1. */
  readonly progress: number;
  /** What it is at, such as `epoch 3/8`. */
  readonly detail: string;
  /** Test accuracy, from 0 to 1, once it is done. */
  readonly accuracy: number | undefined;
}

/** What there is to be shown of an experiment. */
export interface BoardState {
  readonly title: string;
  readonly runs: readonly BoardRun[];
  readonly secondsElapsed: number;
  /** `undefined` while nothing is measured. */
  readonly secondsLeft: number | undefined;
}

/** A line of the board, and what it is, for its colour. */
export interface BoardLine {
  readonly text: string;
  readonly tone: 'title' | 'plain' | BoardRun['status'];
}

const BAR_WIDTH = 16;

/**
 * The board of an experiment as lines that fit a terminal: how far it is, what is left, the best so far, and as many of the
 * runs as there is room for, those around the one that is running.
 *
 * @example
 * boardLines(state, { columns: 80, rows: 24 }).map(({ text }) => text).join('\n');
 */
export function boardLines(
  state: BoardState,
  { columns, rows }: { columns: number; rows: number },
): BoardLine[] {
  const { title, runs, secondsElapsed, secondsLeft } = state;
  const over = runs.filter(({ status }) => status === 'done' || status === 'failed').length;
  const left =
    secondsLeft === undefined || over === runs.length ? [] : [`about ${duration(secondsLeft)} left`];
  const best = bestOf(runs);
  const head: BoardLine[] = [
    { text: title, tone: 'title' },
    { text: [`${over}/${runs.length} runs`, duration(secondsElapsed), ...left].join(' | '), tone: 'plain' },
    ...(best === undefined ? [] : [{ text: `best so far: ${best}`, tone: 'plain' as const }]),
  ];
  // The cursor stands on a line of its own below.
  const room = rows - 1 - head.length;
  const body = room < 1 ? [] : windowOf(runs, room, columns);
  return [...head, ...body]
    .slice(0, Math.max(1, rows - 1))
    .map(({ text, tone }) => ({ text: cut(text, columns), tone }));
}

function bestOf(runs: readonly BoardRun[]): string | undefined {
  const done = runs.filter(({ accuracy }) => accuracy !== undefined);
  if (done.length === 0) return undefined;
  const best = done.reduce((a, b) => ((b.accuracy ?? 0) > (a.accuracy ?? 0) ? b : a));
  return `${best.label}, seed ${best.seed}: ${accuracyText(best)}`;
}

/** As many runs as fit, and how many are above and below them. */
function windowOf(runs: readonly BoardRun[], room: number, columns: number): BoardLine[] {
  const widths = {
    label: Math.min(
      Math.max(...runs.map(({ label }) => label.length)),
      Math.max(8, Math.floor(columns * 0.5)),
    ),
    seed: Math.max(...runs.map(({ seed }) => String(seed).length)),
  };
  const lines = runs.map((run): BoardLine => ({ text: lineOf(run, widths), tone: run.status }));
  if (runs.length <= room) return lines;
  const shown = Math.max(1, room - 2);
  const at = runs.findIndex(({ status }) => status === 'running' || status === 'waiting');
  const current = at < 0 ? runs.length - 1 : at;
  const start = Math.max(0, Math.min(current - Math.floor(shown / 3), runs.length - shown));
  const below = runs.length - start - shown;
  const more = (count: number, where: string): BoardLine[] => [
    { text: count === 0 ? '' : `… ${count} more ${where}`, tone: 'waiting' },
  ];
  const whole = [...more(start, 'above'), ...lines.slice(start, start + shown), ...more(below, 'below')];
  return room < 3 ? lines.slice(start, start + shown) : whole;
}

function lineOf(run: BoardRun, widths: { label: number; seed: number }): string {
  const { label, seed, status, progress, detail } = run;
  const name = `${cut(label, widths.label).padEnd(widths.label)}  seed ${String(seed).padStart(widths.seed)}`;
  if (status === 'done') return `${name}  ${accuracyText(run)}`;
  if (status !== 'running') return `${name}  ${status}`;
  const filled = Math.round(progress * BAR_WIDTH);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
  return `${name}  ${bar} ${`${Math.floor(progress * 100)} %`.padStart(5)}  ${detail}`.trimEnd();
}

function accuracyText({ accuracy = 0 }: BoardRun): string {
  return `${(accuracy * 100).toFixed(2)} %`;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
