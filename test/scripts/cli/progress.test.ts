import { note, print, printJson } from '../../../scripts/cli/output';
import { startProgress } from '../../../scripts/cli/progress';

let [stdout, stderr] = ['', ''];
const wasTTY = process.stderr.isTTY;

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
});

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
    'epoch 1/2: 250/1000 images | 50 images/s | loss 2.30 | 15 s left',
    'epoch 1/2: 500/1000 images | 50 images/s | loss 2.30 | 10 s left',
    'epoch 1/2: 600/1000 images | 50 images/s | loss 2.30 | 8 s left',
    '',
  ]);
  expect(stdout).toBe('');
});

test('on a terminal: one line redrawn in place, never wider than it, and other output goes around it', () => {
  process.stderr.isTTY = true;
  Object.defineProperty(process.stderr, 'columns', { value: 60, configurable: true });
  const progress = startProgress('download', 2e6, 'bytes');
  jest.advanceTimersByTime(1000);
  progress.update(1e6, { file: 'a-name-that-is-too-long-for-the-line' });
  expect(stderr).toMatch(/\rdownload █{12}░{12} 1\.0\/2\.0 MB \| 1\.0 MB\/s/);
  expect(stderr).not.toContain('\n');
  stderr = '';
  note('something happened');
  expect(stderr.startsWith('\r\u001b[Ksomething happened\n\rdownload ')).toBe(true);
  progress.stop();
  expect(stderr.endsWith('\n')).toBe(true);
  for (const line of stderr.split(/[\r\n]/)) expect(line.replace('\u001b[K', '').length).toBeLessThan(60);
  stderr = '';
  note('after it');
  expect(stderr).toBe('after it\n');
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
