import type { Result, ResultItem } from '../results';
import { figuresOf } from './figures';

/**
 * A result as a page: the circumstances, the figures that it is to show, a table, and the plots, which lie beside it.
 *
 * @param plots file names of the plots
 */
export function markdownOf(result: Result, plots: readonly string[]): string {
  const figures = figuresOf(result).map(({ what, wanted, measured, met }) => [
    what,
    wanted,
    measured,
    met ? 'met' : 'missed',
  ]);
  return [
    `# ${result.title}`,
    `<!-- Written by \`npm run bench\`. -->`,
    ...circumstancesOf(result).map((line) => `- ${line}`),
    '',
    ...(figures.length === 0 ? [] : [table(['what', 'wanted', 'measured', ''], figures, []), '']),
    ...plots.flatMap((file) => [`![${result.title}](${file})`, '']),
    table(
      HEAD,
      result.items.flatMap((item) => rowsOf(item)),
      NUMBERS,
    ),
    '',
    reading(result),
    '',
    ...absences(result),
  ].join('\n');
}

/** A desktop that does nothing in particular stays below. */
const BUSY = 0.1;

const HEAD = [
  'what',
  'by',
  'ms a step',
  'quartiles',
  'images/s',
  'ours is faster, times',
  'GFLOP/s',
  'of matmul',
  'peak memory, MB',
];
const NUMBERS = [2, 3, 4, 5, 6, 7, 8];

function rowsOf({ title, entries }: ResultItem): string[][] {
  return entries.map((entry, index) => {
    const { milliseconds, imagesPerSecond, oursIsFaster, gflops, shareOfMatmul, peakResidentBytes } = entry;
    return [
      index === 0 ? title : '',
      entry.title,
      figure(milliseconds.median),
      `${figure(milliseconds.q1)} to ${figure(milliseconds.q3)}`,
      figure(imagesPerSecond),
      oursIsFaster === null ? '' : oursIsFaster.median.toFixed(2),
      figure(gflops),
      shareOfMatmul === null ? '' : `${(shareOfMatmul * 100).toFixed(0)} %`,
      peakResidentBytes === null ? '' : (peakResidentBytes / 1e6).toFixed(0),
    ];
  });
}

/** On what and of what state this was measured, line by line. */
export function circumstancesOf(result: Result): string[] {
  const { machine, commit, versions, effort, matmulGflops, busyBefore } = result;
  const flags = machine.flags.length === 0 ? '' : ` (${machine.flags.join(', ')})`;
  const hash = commit.hash === null ? 'no commit' : `commit ${commit.hash.slice(0, 12)}`;
  const lines = [
    `${machine.processor}${flags}, ${machine.cores} cores of which ${result.threads} used, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB, ${machine.platform}`,
    `tfjs-cardinal ${commit.version}, ${hash}${commit.isDirty ? ' with changes' : ''}, ${result.date.slice(0, 10)}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    `${effort.rounds} rounds in turns, a turn of at least ${effort.turn} ms; steps over ${effort.slow} ms in ${effort.slowRounds} rounds`,
  ];
  if (busyBefore > BUSY) {
    lines.push(
      `**others kept ${(busyBefore * 100).toFixed(0)} % of the processors busy: these numbers are not to be relied on**`,
    );
  }
  if (matmulGflops !== null)
    lines.push(`a 2048 x 2048 x 2048 matrix product: ${figure(matmulGflops)} GFLOP/s`);
  return lines;
}

function reading({ items }: Result): string {
  const worst = Math.max(
    0,
    ...items.flatMap(({ agreements }) => agreements.map((a) => a.relativeDifference)),
  );
  const compared =
    worst === 0
      ? ''
      : ` The largest relative difference between contestants' outputs was ${worst.toExponential(1)}.`;
  return `Medians over the rounds; the ratio is the median of each round's own.${compared}`;
}

function absences({ items }: Result): string[] {
  const reasons = new Map(
    items.flatMap(({ absent }) =>
      absent.map(({ contestant, reason }) => [`${contestant}: ${reason}`, contestant]),
    ),
  );
  return reasons.size === 0
    ? []
    : ['Without:', '', ...[...reasons.keys()].map((reason) => `- ${reason}`), ''];
}

/** A number with three digits that mean something. */
export function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[],
): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(head),
    line(head.map((_, column) => (numbers.includes(column) ? '---:' : '---'))),
    ...rows.map(line),
  ].join('\n');
}
