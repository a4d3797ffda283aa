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
  const line = (texts: readonly string[]): string => `| ${texts.map(escape).join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [
    line(head),
    `| ${rule.join(' | ')} |`,
    ...rows.map(line),
    '',
    `${escape(settingLine(comparison))}.`,
    '',
  ].join('\n');
}

// Folder names may hold anything; what would end a cell or start emphasis is shown as it is. An underscore within a word
// does neither.
function escape(text: string): string {
  return text
    .replace(/[\\|*`<]|(?<![a-z0-9])_|_(?![a-z0-9])/gi, (character) => `\\${character}`)
    .replace(/\s+/g, ' ');
}
