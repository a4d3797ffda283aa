import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cardinal } from './in-process';

// What a command is about is judged before what follows from it: a slip in the name is not answered by a question for --to.
const empty = mkdtempSync(join(tmpdir(), 'cardinal-order-'));
afterAll(() => rmSync(empty, { recursive: true }));

const TOY =
  /^error: model: expected one of .* \(did you mean 'resnext_toy'\?\)\. Received: 'resnext_tyo'\.\n$/;

test.each<[string[], number, RegExp]>([
  [['train', 'resnext_tyo'], 2, TOY],
  [['train', 'resnext_tyo', '--dry-run'], 2, TOY],
  [['train', 'resnext_tyo', '--to', '/'], 2, TOY],
  [['train', 'resnext_toy'], 2, /^error: --to: expected a folder for the run, such as runs\/resnext_toy\./],
  [['diagram', 'resnext_tyo'], 2, TOY],
  [['diagram', 'resnext_tyo', '--in', '8'], 2, TOY],
  [['info', 'resnext_tyo'], 2, TOY],
  [['import', 'resnext_tyo'], 2, TOY],
  [['import', 'resnext_tyo', '--to', empty], 2, TOY],
  [['import', '/nowhere.onnx'], 2, /^error: \/nowhere\.onnx: no such file\n$/],
  [
    ['export', 'resnext_tyo'],
    2,
    /^error: source: expected a run folder that is there, or a model .*'resnext_toy'/,
  ],
  [
    ['export', 'resnext_tyo', '--format', 'onnx', '--quantize', 'uint8'],
    2,
    /^error: source: expected a run folder/,
  ],
  [
    ['finetune', '/nowhere'],
    2,
    /^error: folder: expected a folder with one folder .* Received: '\/nowhere'\.\n$/,
  ],
  [
    ['finetune', empty, '--model', 'resnext_tyo', '--to', '/'],
    2,
    /^error: --model: expected one of .*'resnext_tyo'\.\n$/,
  ],
  [['report', '/nowhere'], 2, /^error: \/nowhere could not be read as a folder of runs/],
  [['eval', '/nowhere', '--data', '/nowhere'], 2, /^error: \/nowhere is no run folder/],
  [['compare', '/nowhere'], 2, /^error: \/nowhere is no run folder/],
  [['explain', 'cnov', '--groups', '3'], 2, /^error: what to explain: expected one of conv/],
])('%j', async (args, code, message) => {
  const outcome = await cardinal(...args);
  expect(outcome.err).toMatch(message);
  expect(outcome.code).toBe(code);
});

test('an option of the library is called by its flag', async () => {
  const { code, err } = await cardinal('explain', 'conv', '--in', '8', '--out', '16', '--groups', '3');
  const expected =
    'error: --groups: expected a divisor of both the 8 input channels and the 16 filters (1, 2, 4, 8). Received: 3.\n';
  expect([code, err]).toEqual([2, expected]);
});
