import { endShown, show, type InPlace } from './in-place';

const INTERVAL_MS = 500;
const ESCAPE = '\u001b';

/** Lines on a terminal that are redrawn where they are. */
export interface LiveLines {
  /** Draws at once; else they are drawn anew twice a second. */
  draw(): void;
  /** Ends the display; the last state stays visible. */
  stop(): void;
}

/**
 * Redraws several lines in place at the end of a terminal; what is written with `note` and `print` appears above them.
 *
 * @param lines what is to be seen now, at most as many lines as the terminal has less one
 *
 * @example
 * const live = startLiveLines(process.stderr, ({ columns }) => [`${done} of ${total}`.slice(0, columns)]);
 * live.stop();
 */
export function startLiveLines(
  stream: NodeJS.WriteStream,
  lines: (size: { columns: number; rows: number }) => readonly string[],
): LiveLines {
  let drawn = 0;
  const erased = (): string => (drawn === 0 ? '' : `\r${ESCAPE}[${drawn}A${ESCAPE}[0J`);
  const write = (above: string): void => {
    const now = lines({ columns: stream.columns || 80, rows: stream.rows || 24 });
    // A line that the terminal takes for wider than it is must not wrap: the next redraw would miss its beginning.
    const text = now.map((line) => `${line}\n`).join('');
    stream.write(`${erased()}${above}${ESCAPE}[?7l${text}${ESCAPE}[?7h`);
    drawn = now.length;
  };
  const timer = setInterval(() => write(''), INTERVAL_MS);
  timer.unref();
  const display: InPlace = {
    writeAbove: write,
    end(): void {
      clearInterval(timer);
      write('');
    },
  };
  show(display);
  write('');
  return { draw: () => write(''), stop: () => endShown(display) };
}
