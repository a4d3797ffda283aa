import pc from 'picocolors';

import { writeAboveShown } from './in-place';
import { columnsOf, wrapped } from './wrap';

// picocolors also turns colour on wherever $CI is set, which puts escape codes into files; a terminal decides here.
function wantsColor(stream: NodeJS.WriteStream): boolean {
  if (process.env.NO_COLOR) return false;
  if (process.env.FORCE_COLOR && process.env.FORCE_COLOR !== '0') return true;
  return drawsInPlace(stream);
}

/** Whether a stream is a terminal that moves its cursor and knows colours, as all do that do not call themselves dumb. */
export function drawsInPlace(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && process.env.TERM !== 'dumb';
}

/** Colours for text that goes to stdout: plain where it is no terminal or `NO_COLOR` is set. */
export const colors = pc.createColors(wantsColor(process.stdout));

/** Colours for text that goes to stderr. */
export const noteColors = pc.createColors(wantsColor(process.stderr));

/** Prints what a person asked for: one text and a line break, on stdout; a terminal has its lines broken between words. */
export function print(text: string): void {
  writeLine(process.stdout, wrapped(text, columnsOf(process.stdout)));
}

/** Prints a value as JSON for another program, on stdout. */
export function printJson(value: unknown): void {
  writeLine(process.stdout, JSON.stringify(value, null, 2));
}

/** Says something about the work, on stderr, without disturbing a progress bar. */
export function note(text: string): void {
  writeLine(process.stderr, text);
}

function writeLine(stream: NodeJS.WriteStream, text: string): void {
  // What goes to a file cannot tear a bar, and must not end up on the terminal.
  const isAbove = stream.isTTY === true && writeAboveShown(`${text}\n`);
  if (!isAbove) stream.write(`${text}\n`);
}
