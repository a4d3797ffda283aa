import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { Command, type Option } from 'commander';

import { cardinal } from '../scripts/cli/in-process';

const COMMANDS = join(__dirname, '../../scripts/cli/commands');
const home = process.cwd();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cardinal-options-'));
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

const commands = readdirSync(COMMANDS).map((file) => {
  const program = new Command();

  const { register } = require(join(COMMANDS, file)) as { register(program: Command): void };
  register(program);
  return { name: basename(file, '.ts'), command: program.commands[0] };
});

/** What a command takes before its options, so that nothing but the option is wrong. */
function words(name: string, command: Command): string[] {
  return [name, ...command.registeredArguments.filter(({ required }) => required).map(() => 'resnet_toy')];
}

async function expectRefused(line: readonly string[], what: string): Promise<void> {
  const { code, out, err } = await cardinal(...line);
  expect({ line, code, out, lines: err.split('\n').length }).toEqual({ line, code: 2, out: '', lines: 2 });
  expect(err).toMatch(/^error: /);
  expect(err).toContain(what);
  expect(readdirSync(folder)).toEqual([]);
}

const rows = commands.flatMap(({ name, command }) =>
  command.options.map((option): [string, string, Command, Option] => [
    name,
    option.long ?? '',
    command,
    option,
  ]),
);

test('every command is here', () => expect(rows.length).toBeGreaterThan(120));

// A new option is here by being there: wrong usage is one line that names the flag, exit code 2, and nothing written.
test.each(rows)('%s %s', async (name, flag, command, option) => {
  const before = words(name, command);
  if (!option.required) return expectRefused([...before, `${flag}=wr0ng`], flag);
  await expectRefused([...before, flag], flag);
  await expectRefused([...before, flag, ''], flag);
  if (option.parseArg !== undefined && !isText(option))
    await expectRefused([...before, flag, 'wr0ng*'], flag);
});

/** Whether any text will do, as far as the option itself is concerned. */
function isText(option: Option): boolean {
  try {
    option.parseArg?.('wr0ng*', undefined);
    return true;
  } catch {
    return false;
  }
}

test.each(commands.filter(({ command }) => command.registeredArguments.length > 0))(
  '$name: an argument that is empty, one too many, and none',
  async ({ name, command }) => {
    const [argument] = command.registeredArguments;
    await expectRefused([name, ''], argument.name().split('|')[0]);
    if (!argument.variadic) await expectRefused([name, 'a', 'b'], 'too many arguments');
    if (argument.required) await expectRefused([name], 'missing required argument');
  },
);

test.each<[string[], string]>([
  [
    ['train', 'resnet_toy', '--to', 'x', '--optimizer', 'adamw', '--momentum', '0.5'],
    '--momentum: expected nothing, since adamw',
  ],
  [
    ['train', 'resnet_toy', '--to', 'x', '--schedule', 'one-cycle', '--warmup-epochs', '1'],
    '--warmup-epochs: expected nothing',
  ],
  [
    ['train', 'resnet_toy', '--dry-run', '--no-crop', '--pad-mode', 'reflect'],
    '--pad-mode: expected nothing',
  ],
  [
    ['train', 'resnet_toy', '--to', 'x', '--ema', '0.9', '--lookahead', '5'],
    '--lookahead: expected it or --ema',
  ],
  [['train', '--resume', 'x', '--dry-run'], 'Received: --dry-run'],
  [['explain', 'conv', '--in', '8', '--out', '8', '--backend', 'cpu'], '--backend: expected nothing'],
  [['import', 'resnet18', '--to', 'x', '--input-size', '32'], '--input-size: expected nothing'],
  [['import', 'resnet18', '--to', 'x', '--no-verify'], '--no-verify: expected nothing'],
  [
    ['import', 'resnet18', '--to', 'x', '--weights', 'none.safetensors'],
    '--weights: expected a safetensors file',
  ],
  ...['--num-classes 3', '--seed 1', '--no-strict', '--pad-type same', '--norm-epsilon 0.1'].map(
    (option): [string[], string] => [
      ['import', join(__dirname, 'FILE.onnx'), '--to', 'x', ...option.split(' ')],
      `${option.split(' ')[0]}: expected nothing`,
    ],
  ),
  [['train', 'resnet_toy', '--to', __filename], '--to: expected a folder to make'],
  [['quickstart', '--to', __filename], '--to: expected a folder to make'],
  [['train', '--resume', 'none'], 'none is no run folder'],
  [['eval', 'none'], 'none is no run folder'],
  [['help', 'nope'], "unknown command 'nope'"],
  [['help', 'trian'], '(Did you mean train?)'],
  [['info', 'resnet_toy', '--num-classes', '1000000000'], '--num-classes: expected at most 1000000'],
  [['info', 'resnet_toy', '--input-shape', '32x32x1000000000'], '--input-shape: expected lengths'],
  [['train', 'resnext_toy', '--to', 'x', '--epochs', '99999999999999999999'], '--epochs: expected at most'],
])('%j', async (line, message) => {
  const file = join(__dirname, '../fixtures/onnx');
  const onnx = readdirSync(file).find((name) => name.endsWith('.onnx')) ?? '';
  await expectRefused(
    line.map((word) => (word.endsWith('FILE.onnx') ? join(file, onnx) : word)),
    message,
  );
});
