import Table from 'cli-table3';
import { colors } from './output';
import { columnsOf, widthOf, wrapped } from './wrap';

/** A table that is filled with `push([cell, …])` and becomes text with `toString()`. */
export interface PlainTable {
  push(...rows: string[][]): number;
  toString(): string;
}

/**
 * A table without lines, under a bold head. cli-table3's own colours are off, so that `NO_COLOR` and pipes are
 * respected. Where it is wider than the terminal, columns that may be missed are left out, and where that does not do, each row
 * becomes a record, a line a cell.
 *
 * @param numeric the columns, from 0, that are aligned to the right
 * @param minor the columns that may be missed, the first of them first
 *
 * @example
 * const table = plainTable(['model', 'MACs'], [1]);
 * table.push(['resnet_toy', grouped(12806656)]);
 * print(table.toString());
 */
export function plainTable(
  head: readonly string[],
  numeric: readonly number[],
  minor: readonly number[] = [],
): PlainTable {
  const rows: string[][] = [];
  return {
    push: (...more) => rows.push(...more),
    toString() {
      const columns = columnsOf(process.stdout);
      for (let missed = 0; missed <= minor.length; missed++) {
        const kept = head
          .map((_, column) => column)
          .filter((column) => !minor.slice(0, missed).includes(column));
        const text = asTable(head, numeric, rows, kept);
        if (text.split('\n').every((line) => widthOf(line) <= columns)) return text;
      }
      return asRecords(head, rows, columns);
    },
  };
}

function asTable(
  head: readonly string[],
  numeric: readonly number[],
  rows: readonly string[][],
  kept: readonly number[],
): string {
  const table = new Table({
    head: kept.map((column) => colors.bold(head[column])),
    colAligns: kept.map((column) => (numeric.includes(column) ? 'right' : 'left')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    // prettier-ignore
    chars: {
      top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '',
      'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '',
    },
  });
  table.push(...rows.map((cells) => kept.map((column) => cells[column])));
  return table.toString().replace(/ +$/gm, '');
}

function asRecords(head: readonly string[], rows: readonly string[][], columns: number): string {
  // A table without a head is one of calculations, which read on.
  if (head.every((title) => title === '')) {
    const lines = rows.map((cells) => wrapped(cells.join(' '), columns));
    return ['', ...lines].join('\n');
  }
  const widest = Math.max(...head.slice(1).map((title) => title.length));
  const records = rows.map(([name, ...cells]) => {
    const lines = cells.flatMap((cell, i) =>
      cell === '' ? [] : [wrapped(`  ${head[i + 1].padEnd(widest)}  ${cell}`, columns, widest + 4)],
    );
    return [colors.bold(wrapped(name, columns)), ...lines].join('\n');
  });
  return records.join('\n');
}

/** 34426698 as `34,426,698`. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** Files and their sizes, for a line of text. */
export function fileSizes(files: Readonly<Record<string, number>>): string {
  return Object.entries(files)
    .map(([name, bytes]) => `${name} ${grouped(bytes)} bytes`)
    .join(', ');
}
