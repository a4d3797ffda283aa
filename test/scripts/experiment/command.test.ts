import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cardinal } from '../cli/in-process';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'cardinal-experiment-'))));
afterEach(() => rm(folder, { recursive: true }));

test('without a file it lists what ships', async () => {
  const { code, out } = await cardinal('experiment', '--json');
  expect(code).toBe(0);
  const listed = JSON.parse(out) as { name: string; runs: number }[];
  expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining(['cardinality', 'families']));
  expect((await cardinal('experiment')).out).toMatch(/^experiment +runs +title\ncardinality +18 +\S/);
});

test('--dry-run shows the plan and runs nothing', async () => {
  const file = join(folder, 'x.yaml');
  await writeFile(
    file,
    'name: x\ndata: { subset: 1280 }\nrecipes: { a: { epochs: 3 } }\nmatrix: { model: [mobilenet_toy], seed: [1, 2] }',
  );
  const shown = await cardinal('experiment', file, '--dry-run', '--to', join(folder, 'x'));
  expect(shown.code).toBe(0);
  expect(shown.out).toMatch(
    /^run +label +seed +parameters +MACs +images seen\nmobilenet_toy-seed-1 +mobilenet_toy +1 +67,914 +3,047,936 +3,840\n/,
  );
  expect(shown.err).toContain('2 runs, 7,680 images, 0.02 T MACs');
  const { out } = await cardinal('experiment', file, '--dry-run', '--json', '--seeds', '2');
  expect(JSON.parse(out)).toMatchObject({
    name: 'x',
    imagesSeen: 3840,
    runs: [{ name: 'mobilenet_toy-seed-2', macs: 3_047_936, config: { recipe: { epochs: 3, seed: 2 } } }],
  });
  expect(await readdir(folder)).toEqual(['x.yaml']);
});

test.each([
  [
    ['--dry-run'],
    'error: file: expected a YAML or JSON file, or the name of an experiment. Received: undefined.\n',
  ],
  [['cardinalit'], /^error: file: expected .*did you mean 'cardinality'\?/],
  [['cardinality', '--seeds', '1;2'], /^error: --seeds: expected whole numbers/],
  [['cardinality', '--backend', 'gpu'], /^error: --backend: expected one of/],
  [['cardinality', '--dry-run', '--only', 'x'], /^error: --only: expected one of/],
  [['cardinality', 'families'], /too many arguments/],
])('cardinal experiment %j is wrong usage', async (args, message) => {
  const { code, out, err } = await cardinal('experiment', ...args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(message);
});

test('help has a whole file as an example', async () => {
  const { code, out } = await cardinal('experiment', '--help');
  expect(code).toBe(0);
  expect(out).toMatch(/matrix:\n +model: \[resnext_toy\]/);
});
