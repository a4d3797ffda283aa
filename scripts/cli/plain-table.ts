import Table from 'cli-table3';
import { colors } from './output';

/** A table that is filled with `push([cell, …])` and becomes text with `toString()`. */
export interface PlainTable {
  push(...rows: string[][]): number;
  toString(): string;
}

/**
 * A table without lines, under a bold head. cli-table3's own colours are off, so that `NO_COLOR` and pipes are
 * respected.
 *
 * @param numeric the columns, from 0, that are aligned to the right
 *
 * @example
 * const table = plainTable(['model', 'MACs'], [1]);
 * table.push(['resnet_toy', grouped(12806656)]);
 * print(table.toString());
 */
export function plainTable(head: readonly string[], numeric: readonly number[]): PlainTable {
  const table = new Table({
    head: head.map((title) => colors.bold(title)),
    colAligns: head.map((_, column) => (numeric.includes(column) ? 'right' : 'left')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    // prettier-ignore
    chars: {
      top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '',
      'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '',
    },
  });
  return {
    push: (...rows) => table.push(...rows),
    toString: () => table.toString().replace(/ +$/gm, ''),
  };
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
