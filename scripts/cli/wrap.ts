import { stripVTControlCharacters } from 'node:util';

/**
 * The width of the terminal that a stream is, in characters; `Infinity` where it is none, since a program that reads lines wants
 * them whole.
 */
export function columnsOf(stream: NodeJS.WriteStream): number {
  return stream.isTTY === true && stream.columns > 0 ? stream.columns : Infinity;
}

/**
 * Text whose lines are broken between words so that they fit into `columns`; a word that is longer stays whole.
 *
 * @param hanging where lines go on; by default two characters further in than they begin
 */
export function wrapped(text: string, columns: number, hanging?: number): string {
  return text
    .split('\n')
    .map((line) => wrapLine(line, columns, hanging))
    .join('\n');
}

function wrapLine(line: string, columns: number, hanging: number | undefined): string {
  if (widthOf(line) <= columns) return line;
  const indent = /^ */.exec(line)?.[0].length ?? 0;
  const margin = ' '.repeat(Math.min(hanging ?? indent + 2, Math.floor(columns / 2)));
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(/(?<=\S)(?= )/)) {
    const fits = widthOf(current) + widthOf(word) <= columns;
    if (current.trim() === '' || fits) current += word;
    else {
      lines.push(current);
      current = margin + word.trimStart();
    }
  }
  return [...lines, current].join('\n');
}

/** How many columns a line takes, colours left out. */
export function widthOf(line: string): number {
  return stripVTControlCharacters(line).length;
}
