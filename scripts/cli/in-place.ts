/** What is redrawn in place on the last lines of the terminal: a bar, or a board. */
export interface InPlace {
  /** Writes whole lines, the last line break included, above what is drawn. */
  writeAbove(text: string): void;
  /** Leaves the last state on the terminal, and draws no more. */
  end(): void;
}

// There is one at most, and everything that is written to the terminal must go above it.
let shown: InPlace | undefined;

/** Gives the last lines of the terminal to a display; the one that had them ends. */
export function show(display: InPlace): void {
  shown?.end();
  shown = display;
}

/** Ends a display, unless it has ended already. */
export function endShown(display: InPlace): void {
  if (shown !== display) return;
  shown = undefined;
  display.end();
}

/**
 * Writes text to the terminal above what is drawn in place.
 *
 * @param text whole lines, the last line break included
 * @returns false, with nothing written, where nothing is drawn
 */
export function writeAboveShown(text: string): boolean {
  shown?.writeAbove(text);
  return shown !== undefined;
}
