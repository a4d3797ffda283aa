import { cells, settingLine } from './cells';
import type { Comparison } from './comparison';

/**
 * A comparison as a Markdown table and a line on how it was measured.
 *
 * @example
 * await writeFile('comparison.md', comparisonMarkdown(comparison));
 */
export function comparisonMarkdown(comparison: Comparison): string {
  const { head, rows } = cells(comparison);
  const numeric = head.map((_, column) => column).filter((column) => column > 0);
  const notes = (comparison.notes ?? []).flatMap((note) => [`**Note:** ${escapeMarkdown(note)}.`, '']);
  return [
    markdownTable(head, rows, numeric),
    '',
    ...notes,
    `${escapeMarkdown(settingLine(comparison))}.`,
    '',
  ].join('\n');
}

/**
 * A Markdown table of plain texts.
 *
 * @param numeric the columns, from 0, that are aligned to the right
 */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numeric: readonly number[],
): string {
  const line = (texts: readonly string[]): string => `| ${texts.map(escapeMarkdown).join(' | ')} |`;
  const rule = head.map((_, column) => (numeric.includes(column) ? '---:' : '---'));
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

/**
 * A plain text as Markdown that shows it as it is: names may hold anything, and nothing of them ends a cell or starts
 * emphasis. An underscore within a word does neither.
 */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\|*`<]|(?<![a-z0-9])_|_(?![a-z0-9])/gi, (character) => `\\${character}`)
    .replace(/\s+/g, ' ');
}
