import { note, print, printJson } from '../../../scripts/cli/output';
import { startProgress } from '../../../scripts/cli/progress';

let [stdout, stderr] = ['', ''];
const [wasStdoutTTY, wasTTY] = [process.stdout.isTTY, process.stderr.isTTY];

beforeEach(() => {
  [stdout, stderr] = ['', ''];
  jest.useFakeTimers({ now: 1_000_000 });
  jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => Boolean((stdout += String(chunk))));
  jest.spyOn(process.stderr, 'write').mockImplementation((chunk) => Boolean((stderr += String(chunk))));
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
  process.stderr.isTTY = wasTTY;
  process.stdout.isTTY = wasStdoutTTY;
});

const ESCAPE = '\u001b';
const CODE_OR_CHARACTER = new RegExp(`${ESCAPE}\\[[\\d?]*[A-Za-z]|[^]`, 'g');

/** The lines that a terminal shows after these bytes. Codes that a bar has no need of are an error. */
function screen(written: string): string[] {
  const lines = [''];
  let column = 0;
  for (const [token] of written.matchAll(CODE_OR_CHARACTER)) {
    const line = lines[lines.length - 1];
    if (token === '\n') [column] = [0, lines.push('')];
    else if (token === `${ESCAPE}[1G`) column = 0;
    else if (token === `${ESCAPE}[2K`) lines[lines.length - 1] = ' '.repeat(column);
    else if (token === `${ESCAPE}[0K`) lines[lines.length - 1] = line.slice(0, column);
    else if (token < ' ') throw new Error(`unexpected: ${JSON.stringify(token)}`);
    else lines[lines.length - 1] = line.slice(0, column) + token + line.slice(++column);
  }
  return lines;
}

test('off a terminal: a plain line at most every 5 seconds and one at the end, on stderr', () => {
  process.stderr.isTTY = false;
  const progress = startProgress('epoch 1/2', 1000, 'images');
  for (let second = 1; second <= 12; second += 1) {
    jest.advanceTimersByTime(1000);
    progress.update(second * 50, { loss: '2.30' });
  }
  progress.stop();
  progress.stop();
  expect(stderr.split('\n')).toEqual([
    'epoch 1/2: 250/1000 images | 50 images/s | 15 s left | loss 2.30',
    'epoch 1/2: 500/1000 images | 50 images/s | 10 s left | loss 2.30',
    'epoch 1/2: 600/1000 images | 50 images/s | 8 s left | loss 2.30',
    '',
  ]);
  expect(stdout).toBe('');
});

describe('on a terminal', () => {
  beforeEach(() => {
    process.stderr.isTTY = true;
    process.stdout.isTTY = true;
    Object.defineProperty(process.stderr, 'columns', { value: 71, configurable: true });
  });

  test('one line is redrawn in place and stays at the end', () => {
    const progress = startProgress('download', 2e6, 'bytes');
    expect(screen(stderr)).toEqual(['download ░░░░░░░░░░░░░░░░░░░░░░░░ 0.0/2.0 MB']);
    jest.advanceTimersByTime(1000);
    progress.update(1e6);
    jest.advanceTimersByTime(100);
    const half = 'download ████████████░░░░░░░░░░░░ 1.0/2.0 MB | 1.0 MB/s | 1 s left';
    expect(screen(stderr)).toEqual([half]);
    jest.advanceTimersByTime(900);
    progress.update(2e6);
    progress.stop();
    const whole = 'download ████████████████████████ 2.0/2.0 MB | 1.0 MB/s';
    expect(screen(stderr)).toEqual([whole, '']);
    progress.stop();
    expect(screen(stderr)).toEqual([whole, '']);
    expect(stdout).toBe('');
    expect(jest.getTimerCount()).toBe(0);
  });

  test('a line is never wider than the terminal: the bar gives way first, then the details', () => {
    const progress = startProgress('download', 2e6, 'bytes');
    jest.advanceTimersByTime(1000);
    progress.update(1e6, { file: 'a.tgz' });
    jest.advanceTimersByTime(100);
    expect(screen(stderr)).toEqual(['download ███████░░░░░░░ 1.0/2.0 MB | 1.0 MB/s | 1 s left | file a.tgz']);
    progress.update(1.1e6, { file: 'a-name-that-is-too-long.tgz' });
    jest.advanceTimersByTime(100);
    expect(screen(stderr)).toEqual(['download ████░░░░ 1.1/2.0 MB | 1.0 MB/s | 1 s left | file a-name-that']);
    expect(screen(stderr)[0]).toHaveLength(69);
    progress.stop();
  });

  test('messages and results appear above the bar, at once and whole', () => {
    const progress = startProgress('training', 4, 'images');
    const bar = 'training ░░░░░░░░░░░░░░░░░░░░░░░░ 0/4 images';
    note('epoch 1');
    expect(screen(stderr)).toEqual(['epoch 1', bar]);
    print('a result');
    const wide = 'a message wider than the terminal, which breaks it rather than have it cut: '.repeat(2);
    note(`${wide}\nand its second line`);
    progress.stop();
    expect(screen(stderr)).toEqual(['epoch 1', 'a result', wide, 'and its second line', bar, '']);
    expect(stdout).toBe('');
    stderr = '';
    note('after it');
    print('a result after it');
    expect([stderr, stdout]).toEqual(['after it\n', 'a result after it\n']);
  });

  test('results that go to a file get there while a bar is shown', () => {
    process.stdout.isTTY = false;
    const progress = startProgress('training', 4, 'images');
    print('a result');
    progress.stop();
    expect(stdout).toBe('a result\n');
    expect(stderr).not.toContain('a result');
  });

  test('a second bar takes the place of one that was not stopped', () => {
    const first = startProgress('first', 4, 'images');
    const second = startProgress('second', 4, 'images');
    first.update(4);
    first.stop();
    second.stop();
    const empty = '░'.repeat(24);
    expect(screen(stderr)).toEqual([`first ${empty} 0/4 images`, `second ${empty} 0/4 images`, '']);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('Ctrl-C keeps the effect that it has without a bar', () => {
    const counts = (): number[] => ['SIGINT', 'SIGTERM', 'exit'].map((name) => process.listenerCount(name));
    const before = counts();
    const progress = startProgress('training', 4, 'images');
    expect(counts()).toEqual(before);
    progress.stop();
  });
});

test('an unknown total shows counts and rate without a bar of lies', () => {
  process.stderr.isTTY = false;
  const progress = startProgress('decoding', 0, 'images');
  jest.advanceTimersByTime(6000);
  progress.update(300);
  expect(stderr).toBe('decoding: 300 images | 50 images/s\n');
});

test('results go to stdout, messages to stderr', () => {
  print('a result');
  printJson({ name: 'x', macs: 3 });
  note('a message');
  expect(stdout).toBe('a result\n{\n  "name": "x",\n  "macs": 3\n}\n');
  expect(stderr).toBe('a message\n');
});
