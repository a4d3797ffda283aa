import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { columnsOf, wrapped } from '../../../scripts/cli/wrap';
import { runCli } from './run-cli';

const folder = mkdtempSync(join(tmpdir(), 'cardinal-narrow-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a command as on a terminal of so many columns. */
async function onTerminal(columns: number, ...args: string[]): Promise<string[]> {
  const terminal = join(folder, `terminal-${columns}.cjs`);
  writeFileSync(
    terminal,
    `for (const stream of [process.stdout, process.stderr]) Object.assign(stream, { isTTY: true, columns: ${columns} });`,
  );
  const { stdout, stderr } = await runCli(args, { env: { NODE_OPTIONS: `--require ${terminal}` } });
  return stripVTControlCharacters(stdout + stderr).split('\n');
}

const widest = (lines: readonly string[]): number => Math.max(...lines.map((line) => line.length));

test.each([
  [['list']],
  [['info', 'resnext_toy']],
  [['explain', 'conv', '--in', '8', '--out', '16', '--groups', '2']],
  [['--help']],
  [['train', '--help']],
  [['experiment']],
])('%j fits into 40 columns', async (args) => {
  const lines = await onTerminal(40, ...args);
  expect(widest(lines)).toBeLessThanOrEqual(40);
  // A program that reads lines gets them whole.
  expect((await runCli(args)).stdout.split('\n').length).toBeLessThan(lines.length);
});

test('a table gives up its minor columns first, and becomes records where that does not do', async () => {
  expect((await onTerminal(100, 'list', 'resnext_toy'))[0]).toMatch(/^model .* source +dense twin$/);
  expect((await onTerminal(60, 'list', 'resnext_toy'))[0]).toMatch(
    /^model +parameters +MACs +input +source$/,
  );
  expect((await onTerminal(30, 'list', 'resnext_toy')).slice(0, 3)).toEqual([
    'resnext_toy',
    '  parameters  137,674',
    expect.stringMatching(/^ {2}MACs {8}[\d,]+$/),
  ]);
});

test('lines break between words, go on further in, and keep words that are too long', () => {
  expect(wrapped('name   one two three\nx', 12)).toBe('name   one\n  two three\nx');
  expect(wrapped('name   one two three', 14, 7)).toBe('name   one two\n       three');
  expect(wrapped('abcdefghijkl mn', 5)).toBe('abcdefghijkl\n  mn');
  expect(columnsOf({ isTTY: false, columns: 10 } as never)).toBe(Infinity);
});

test('a terminal that calls itself dumb gets plain lines: no colour, no cursor, no bar', async () => {
  const terminal = join(folder, 'dumb.cjs');
  writeFileSync(
    terminal,
    'for (const stream of [process.stdout, process.stderr]) Object.assign(stream, { isTTY: true, columns: 80 });',
  );
  const env = { NODE_OPTIONS: `--require ${terminal}`, TERM: 'dumb' };
  const to = join(folder, 'exported');
  const { stdout, stderr, code } = await runCli(['export', 'mobilenet_toy', '--to', to], { env });
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^export to /)]);
  // eslint-disable-next-line no-control-regex -- escapes are what must not be there
  expect(stdout + stderr).not.toMatch(/[\x1b\r]/);
});
