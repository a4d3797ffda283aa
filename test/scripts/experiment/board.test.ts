import { boardLines, type BoardRun, type BoardState } from '../../../scripts/experiment/board';
import type { OpenedRun } from '../../../scripts/experiment/open-runs';
import { secondsLeft } from '../../../scripts/experiment/time-left';
import { ExperimentTracker } from '../../../scripts/experiment/tracker';
import type { RunResult } from '../../../src/train/run-config';
import type { StepEvent } from '../../../src/train/train';

const BASE: BoardRun = {
  label: 'toy, 8 groups',
  seed: 1,
  status: 'waiting',
  progress: 0,
  detail: '',
  accuracy: undefined,
};
const done = (accuracy: number, more: Partial<BoardRun> = {}): BoardRun => ({
  ...BASE,
  status: 'done',
  progress: 1,
  accuracy,
  ...more,
});
const running: BoardRun = { ...BASE, status: 'running', progress: 0.505, detail: 'epoch 5/8  loss 1.234' };
const state = (runs: BoardRun[], more: Partial<BoardState> = {}): BoardState => ({
  title: 'Cardinality',
  runs,
  secondsElapsed: 65,
  secondsLeft: 600,
  ...more,
});
const text = (board: BoardState, columns = 80, rows = 24): string[] =>
  boardLines(board, { columns, rows }).map((line) => line.text);

test('what is done, what runs, what waits and what failed', () => {
  const runs = [
    done(0.61234),
    done(0.7, { label: 'toy', seed: 10 }),
    { ...BASE, status: 'failed' as const },
    running,
    BASE,
  ];
  expect(text(state(runs))).toEqual([
    'Cardinality',
    '3/5 runs | 1 min 05 s | about 10 min 00 s left',
    'best so far: toy, seed 10: 70.00 %',
    'toy, 8 groups  seed  1  61.23 %',
    'toy            seed 10  70.00 %',
    'toy, 8 groups  seed  1  failed',
    'toy, 8 groups  seed  1  ████████░░░░░░░░  50 %  epoch 5/8  loss 1.234',
    'toy, 8 groups  seed  1  waiting',
  ]);
  expect(boardLines(state(runs), { columns: 80, rows: 24 }).map(({ tone }) => tone)).toEqual([
    'title',
    'plain',
    'plain',
    'done',
    'done',
    'failed',
    'running',
    'waiting',
  ]);
});

test('nothing is said of what is not known yet, or over', () => {
  expect(text(state([BASE], { secondsLeft: undefined }))[1]).toBe('0/1 runs | 1 min 05 s');
  expect(text(state([done(0.5)]))[1]).toBe('1/1 runs | 1 min 05 s');
});

test('no line is wider than the terminal, and there is a line less than it has', () => {
  const runs = [...Array<BoardRun>(10).fill(done(0.6)), running, ...Array<BoardRun>(20).fill(BASE)];
  for (let columns = 1; columns <= 90; columns += 3) {
    for (let rows = 1; rows <= 40; rows++) {
      const lines = text(state(runs, { title: 'x'.repeat(100) }), columns, rows);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
      expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
      // As soon as there is room for it, the run that is running is seen.
      if (rows >= 5 && columns >= 40) expect(lines.some((line) => line.includes('█'))).toBe(true);
    }
  }
});

test('where there are more runs than lines it shows those around the one that is running', () => {
  const runs = [...Array<BoardRun>(10).fill(done(0.6)), running, ...Array<BoardRun>(20).fill(BASE)];
  const lines = text(state(runs), 80, 12).slice(3);
  expect(lines).toHaveLength(8);
  expect([lines[0], lines[7]]).toEqual(['… 8 more above', '… 17 more below']);
  expect(lines[3]).toContain('50 %');
  expect(text(state(Array<BoardRun>(9).fill(done(0.6))), 80, 12).slice(3)).toHaveLength(8);
});

describe('the time left', () => {
  const RUN = { label: 'a', macs: 1e6, imagesTimed: 0, seconds: 0, imagesLeft: 0 };

  test('is not known before anything is timed', () => {
    expect(secondsLeft([{ ...RUN, imagesLeft: 5 }])).toBeUndefined();
  });

  test('goes by the label where that was timed, else by multiply-accumulates', () => {
    const runs = [
      { ...RUN, imagesTimed: 100, seconds: 2 },
      { ...RUN, imagesTimed: 50, seconds: 2, imagesLeft: 150 },
      { ...RUN, label: 'b', macs: 3e6, imagesLeft: 100 },
    ];
    // 4 s for 150 images of 1e6: 1/37.5 s each; b costs three times that.
    expect(secondsLeft(runs)).toBeCloseTo(150 / 37.5 + (3 * 100) / 37.5, 10);
    expect(
      secondsLeft([...runs, { ...RUN, label: 'b', macs: 3e6, imagesTimed: 10, seconds: 1 }]),
    ).toBeCloseTo(150 / 37.5 + 10, 10);
  });
});

test('the tracker follows runs from start to end', () => {
  const opened = (name: string, result?: Partial<RunResult>): OpenedRun =>
    ({
      name,
      label: name,
      macs: 10,
      imagesSeen: 80,
      result,
      config: { recipe: { seed: 3 } },
    }) as unknown as OpenedRun;
  const [first, second, third] = [
    opened('a', { testAccuracy: 0.5, trainSeconds: 8 }),
    opened('b'),
    opened('c'),
  ];
  let now = 1000;
  const tracker = new ExperimentTracker('Title', [first, second, third], () => now);
  expect(tracker.state()).toMatchObject({ title: 'Title', secondsElapsed: 0 });
  // By the first: 8 s for 80 images.
  expect(tracker.state().secondsLeft).toBeCloseTo(16, 10);
  expect(tracker.state().runs.map(({ status, accuracy, seed }) => [status, accuracy, seed])).toEqual([
    ['done', 0.5, 3],
    ['waiting', undefined, 3],
    ['waiting', undefined, 3],
  ]);
  // Resumed after 2 of 8 steps of 10 images, it does 2 more in 4 s.
  tracker.start(second, 2);
  now += 4000;
  const event = { step: 4, totalSteps: 8, batchSize: 10, epoch: 1, epochs: 2, meanLoss: 2 } as StepEvent;
  tracker.step(second, event);
  expect(tracker.state().runs[1]).toMatchObject({
    status: 'running',
    progress: 0.5,
    detail: 'epoch 1/2  loss 2.000',
  });
  // b: 40 images at 4 s for 20. c, not timed: 12 s for 100 images of 10 MACs.
  expect(tracker.state().secondsLeft).toBeCloseTo(8 + 80 * 0.12, 10);
  tracker.test(second);
  expect(tracker.state().runs[1].detail).toBe('testing');
  tracker.end(second, { testAccuracy: 0.75 } as RunResult);
  tracker.fail(third);
  expect(tracker.state()).toMatchObject({
    secondsElapsed: 4,
    secondsLeft: 0,
    runs: [{}, { status: 'done', accuracy: 0.75 }, { status: 'failed' }],
  });
});
