import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { all, parseSvg } from '../../support/svg-picture';
import { cardinal } from './in-process';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'diagram-'))));
afterEach(() => rmSync(folder, { recursive: true }));

async function drawn(...args: string[]): Promise<string[]> {
  const to = join(folder, 'picture.svg');
  const { code, out, err } = await cardinal('diagram', ...args, '--to', to);
  expect([code, out, err]).toEqual([0, `wrote ${to}\n`, '']);
  expect(readdirSync(folder)).toEqual(['picture.svg']);
  return all(parseSvg(readFileSync(to, 'utf8')), 'text').map((text) => text.textContent ?? '');
}

const CONV = ['conv', '--in', '8', '--out', '16', '--groups', '2'];

test('draws a convolution, by itself, separable, or beside its alternatives', async () => {
  expect(await drawn(...CONV)).toEqual(
    expect.arrayContaining(['Grouped, 2 groups', '592 parameters (51 %)']),
  );
  expect(await drawn('conv', '--in', '8', '--out', '16', '--separable', '--no-bias')).toContain(
    '200 parameters (17 %)',
  );
  expect(await drawn(...CONV, '--compare')).toEqual(
    expect.arrayContaining(['Standard', 'Grouped, 2 groups', 'Depthwise separable']),
  );
});

test('draws a model, a layer of it and a block of it', async () => {
  expect(await drawn('resnext_toy')).toEqual(
    expect.arrayContaining(['resnext_toy', 'layer3', '3x3 conv 64 → 64, 8 groups, stride 2']),
  );
  expect(await drawn('resnext_toy', '--detail', 'layers')).toContain('layer2.0.downsample.1');
  expect(await drawn('resnext_toy', '--layer', 'layer1.0.conv2')).toContain('1,152 parameters (13 %)');
  expect(await drawn('resnext_toy', '--layer', 'layer2.0.conv2', '--compare')).toContain('36,864 parameters');
  expect(await drawn('resnext_toy', '--block', 'layer1.0')).toEqual(
    expect.arrayContaining(['32, 3x3, 32, 8 groups', '5,248 weights']),
  );
});

test('--json prints the facts alone, and writes only where --to says so', async () => {
  const facts = async (...args: string[]) =>
    JSON.parse((await cardinal('diagram', ...args, '--json')).out) as object;
  expect(await facts('resnext_toy', '--detail', 'stages')).toMatchObject({
    name: 'resnext_toy',
    macs: 6_572_544,
    detail: 'stages',
  });
  expect(await facts('resnext_toy', '--block', 'layer1.0')).toMatchObject({
    cardinality: 8,
    forms: [{ weights: 5248 }, {}, {}],
  });
  expect(await facts(...CONV)).toMatchObject({
    forms: [{ kind: 'grouped', parameters: 592, share: { macs: 0.5 } }],
  });
  expect(readdirSync(folder)).toEqual([]);
  const to = join(folder, 'a.svg');
  expect(await facts(...CONV, '--to', to)).toMatchObject({ path: to });
  expect(readdirSync(folder)).toEqual(['a.svg']);
});

test.each([
  [['resnext_toy'], '--to: expected a file to write'],
  [['resnext_toy', '--to', 'x.png'], '--to: expected a file that ends in .svg'],
  [['resnext_toys', '--json'], "(did you mean 'resnext_toy'?)"],
  [['resnext_toy', '--layer', 'layer1.0.conv9', '--json'], "(did you mean 'layer1.0.conv1'?)"],
  [['resnext_toy', '--block', 'layer9.0', '--json'], 'block: expected a residual block of resnext_toy'],
  [['resnext_toy', '--groups', '2', '--json'], "--groups: expected no such option but for 'conv'"],
  [['resnext_toy', '--no-bias', '--json'], "--no-bias: expected no such option but for 'conv'"],
  [['resnext_toy', '--layer', 'conv1', '--block', 'layer1.0', '--json'], '--block: expected it or --layer'],
  [['resnext_toy', '--compare', '--json'], "--compare: expected 'conv' or a --layer"],
  [[...CONV, '--detail', 'blocks', '--json'], '--detail: expected no such option but for a model'],
  [[...CONV, '--compare', '--separable', '--json'], '--separable: expected it or --compare'],
  [['conv', '--in', '8', '--json'], '--out: expected a number of channels'],
])('wrong usage ends with 2: %j', async (args, message) => {
  const { code, out, err } = await cardinal('diagram', ...args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(message);
});

test('a target that cannot be written is told as it is', async () => {
  expect((await cardinal('diagram', ...CONV, '--to', join(folder, 'missing', 'a.svg'))).code).toBe(1);
});
