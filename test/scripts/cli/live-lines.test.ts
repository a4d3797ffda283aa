import { startLiveLines } from '../../../scripts/cli/live-lines';
import { note } from '../../../scripts/cli/output';
import { startProgress } from '../../../scripts/cli/progress';

const ESCAPE = '\u001b';
const CODE_OR_CHARACTER = new RegExp(`${ESCAPE}\\[[\\d?]*[A-Za-z]|[^]`, 'g');
const WIDTH = 20;

/** What a terminal of 20 columns shows after these bytes, where a line that is too long may wrap or be cut. */
function screen(written: string): string[] {
  const lines = [''];
  let [row, column, wraps] = [0, 0, true];
  for (const [token] of written.matchAll(CODE_OR_CHARACTER)) {
    const up = new RegExp(`^${ESCAPE}\\[(\\d+)A$`).exec(token);
    if (token === '\n') {
      [row, column] = [row + 1, 0];
      lines[row] ??= '';
    } else if (token === '\r') column = 0;
    else if (up !== null) row -= Number(up[1]);
    else if (token === `${ESCAPE}[0J`) {
      lines.length = row + 1;
      lines[row] = lines[row].slice(0, column);
    } else if (token === `${ESCAPE}[?7l` || token === `${ESCAPE}[?7h`) wraps = token.endsWith('h');
    else if (token < ' ') throw new Error(`unexpected: ${JSON.stringify(token)}`);
    else if (column < WIDTH || wraps) {
      if (column === WIDTH) lines[([row, column] = [row + 1, 0])[0]] ??= '';
      lines[row] = lines[row].slice(0, column).padEnd(column) + token + lines[row].slice(++column);
    }
  }
  if (!wraps) throw new Error('the terminal was left without wrapping');
  return lines;
}

let written = '';
const wasTTY = process.stderr.isTTY;
beforeEach(() => {
  written = '';
  jest.useFakeTimers({ now: 1_000_000 });
  jest.spyOn(process.stderr, 'write').mockImplementation((chunk) => Boolean((written += String(chunk))));
  process.stderr.isTTY = true;
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
  process.stderr.isTTY = wasTTY;
});

test('lines are redrawn in place, by themselves and at once, and stay at the end', () => {
  let lines = ['a', 'b'];
  const live = startLiveLines(process.stderr, () => lines);
  expect(screen(written)).toEqual(['a', 'b', '']);
  lines = ['longer', 'c', 'd'];
  jest.advanceTimersByTime(500);
  expect(screen(written)).toEqual(['longer', 'c', 'd', '']);
  lines = ['e'];
  live.draw();
  expect(screen(written)).toEqual(['e', '']);
  lines = ['f'];
  live.stop();
  live.stop();
  expect(screen(written)).toEqual(['f', '']);
  expect(jest.getTimerCount()).toBe(0);
});

test('messages appear above, whole, and a line that is too wide does not break what follows', () => {
  const live = startLiveLines(process.stderr, () => ['x'.repeat(30), 'y']);
  note('a message of more than twenty characters');
  live.draw();
  expect(screen(written)).toEqual(['a message of more th', 'an twenty characters', 'x'.repeat(20), 'y', '']);
  live.stop();
  note('after');
  expect(screen(written).slice(-3)).toEqual(['y', 'after', '']);
});

test('what is drawn gets the size of the terminal, and one display has it at a time', () => {
  Object.defineProperty(process.stderr, 'columns', { value: 71, configurable: true });
  Object.defineProperty(process.stderr, 'rows', { value: 9, configurable: true });
  const sizes: unknown[] = [];
  const live = startLiveLines(process.stderr, (size) => [`${sizes.push(size)}`]);
  expect(sizes).toEqual([{ columns: 71, rows: 9 }]);
  const bar = startProgress('bar', 2, 'images');
  expect(sizes).toHaveLength(2);
  jest.advanceTimersByTime(5000);
  live.stop();
  expect(sizes).toHaveLength(2);
  bar.stop();
});
