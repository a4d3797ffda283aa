import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from './run-cli';

const { version } = JSON.parse(readFileSync(join(__dirname, '../../../package.json'), 'utf8')) as {
  version: string;
};

test('help names every command on stdout and exits 0', async () => {
  const { stdout, stderr, code } = await runCli(['--help']);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  for (const name of ['train', 'eval', 'list', 'info', 'doctor', 'setup']) {
    expect(stdout).toMatch(new RegExp(`^  ${name} +\\w`, 'm'));
  }
});

test('a command shows its own options and examples, by --help and by help', async () => {
  const direct = await runCli(['setup', '--help']);
  expect(direct.code).toBe(0);
  expect(direct.stdout).toMatch(/--tfjs-node <folder>[^]*--force[^]*Examples:[^]*npx cardinal setup/);
  expect(await runCli(['help', 'setup'])).toEqual(direct);
});

test('--version prints the version of package.json', async () => {
  expect(await runCli(['--version'])).toEqual({ stdout: `${version}\n`, stderr: '', code: 0 });
});

test.each([
  ['an unknown command', ['docter'], /^error: unknown command 'docter' \(Did you mean doctor\?\)\n$/],
  ['an unknown option', ['doctor', '--jsn'], /^error: unknown option '--jsn' \(Did you mean --json\?\)\n$/],
  ['an extra argument', ['doctor', 'now'], /^error: too many arguments for 'doctor'.*\n$/],
  [
    'an option without its value',
    ['setup', '--tfjs-node'],
    /^error: option '--tfjs-node <folder>' argument missing\n$/,
  ],
  [
    'a bad value',
    ['setup', '--tfjs-node', '/nowhere'],
    /^error: --tfjs-node: expected .* Received: '\/nowhere'\.\n$/,
  ],
])('%s is wrong usage: one line on stderr, exit 2', async (_, args, message) => {
  const { stdout, stderr, code } = await runCli(args);
  expect(stderr).toMatch(message);
  expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
});

test('no command at all shows help on stderr and is wrong usage', async () => {
  const { stdout, stderr, code } = await runCli([]);
  expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
  expect(stderr).toMatch(/^Usage: cardinal/);
});

describe('an error of the work itself', () => {
  let empty: string;
  beforeEach(() => {
    empty = mkdtempSync(join(tmpdir(), 'cardinal-cli-'));
  });
  afterEach(() => rmSync(empty, { recursive: true }));

  const env = { TFJS_CARDINAL_NO_NATIVE: '1' };

  test('is one line and exit 1, with a stack only where it is asked for', async () => {
    const plain = await runCli(['setup'], { env });
    expect(plain).toEqual({
      stdout: '',
      stderr: expect.stringMatching(/^error: TFJS_CARDINAL_NO_NATIVE=1 .*\n$/),
      code: 1,
    });
    const verbose = await runCli(['setup', '--verbose'], { env });
    expect(verbose.code).toBe(1);
    expect(verbose.stderr).toMatch(/^error: TFJS_CARDINAL_NO_NATIVE=1 .*\n[^]*\n {4}at /);
    expect((await runCli(['setup'], { env: { ...env, DEBUG: '1' } })).stderr).toMatch(/\n {4}at /);
  });
});

test('a reader that closes the pipe early is no failure', async () => {
  const { stderr, code } = await runCli(['list'], { closeStdout: true });
  expect(stderr).not.toMatch(/EPIPE|Error/);
  expect(code).toBe(0);
});
