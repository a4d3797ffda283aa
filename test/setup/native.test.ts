import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { FakeMachine } from './fake-machine';
import { finish, runModule, startModule } from './run-module';

// `failsFor` stands for the check that an addon loads: what the fake compiler makes is no addon.
const PROVIDE = `
  const { provideNative } = await load('native');
  const { makeReporter } = await load('reporter');
  const findFailure = async (path) => (input.failing ? 'Error: wrong ELF class' : undefined);
  answer(await provideNative(input.tfjsNode, { ...input, findFailure, reporter: makeReporter() }));`;

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

interface Native {
  state: string;
  reasons: string[];
}

function inputOf(options: object = {}): object {
  const { tfjsNode, cache, env, wheel } = machine;
  return { tfjsNode, cache, env, wheel, ...options };
}

async function provide(options: object = {}): Promise<Native & { stderr: string }> {
  const { answer, stderr, code } = await runModule(PROVIDE, inputOf(options));
  if (code !== 0) throw new Error(stderr);
  return { ...(answer as Native), stderr };
}

const addon = (tfjsNode = machine.tfjsNode): string => join(tfjsNode, 'lib', 'napi-v8', 'tfjs_binding.node');
const linked = (name: string): string => join(machine.tfjsNode, 'deps', 'lib', name);
const libraryFolder = (): string => join(machine.cache, 'libtensorflow-1.2.3-test-x64');
const leftovers = (): string[] =>
  readdirSync(machine.root, { recursive: true })
    .map(String)
    .filter(
      (name) => name.includes('.tmp-') || name.endsWith('.lock') || name.endsWith('cache/tensorflow.whl'),
    );

test('a first set-up unpacks libraries and needed headers, compiles, links, and leaves nothing else', async () => {
  const { state, stderr } = await provide();
  expect(state).toBe('made');
  expect(readFileSync(addon(), 'utf8')).toBe('compiled\n');
  expect(readFileSync(linked('libtensorflow_framework.so.2'), 'utf8')).toBe('small');
  expect(readFileSync(linked('libtensorflow_cc.so.2'), 'utf8')).toBe('the library '.repeat(50));
  expect(realpathSync(linked('libtensorflow_cc.so.2'))).toContain(realpathSync(libraryFolder()));
  const files = readdirSync(libraryFolder(), { recursive: true })
    .map(String)
    .filter((name) => /\w\.\w/.test(name));
  expect(files.sort()).toEqual([
    'NOTICES.txt',
    'include/c/c_api.h',
    'lib/libtensorflow_cc.so.2',
    'lib/libtensorflow_framework.so.2',
    'unpacked.json',
  ]);
  expect(leftovers()).toEqual([]);
  expect(stderr).toMatch(/downloading TensorFlow 1\.2\.3.*\n.*unpacking.*\n.*compiling/);
});

test('asks pip for one wheel by explicit tags, whatever Python there is', async () => {
  await provide();
  const download = machine.calls().find((line) => line.includes(' download '));
  expect(download).toMatch(
    /-m pip download tensorflow-cpu==1\.2\.3 --no-deps --only-binary=:all: --python-version 3\.11 --implementation cp --abi cp311 --platform any/,
  );
});

test('a second set-up calls nothing, a second clone only copies', async () => {
  await provide();
  const before = machine.calls().length;
  expect((await provide()).state).toBe('ready');
  expect(machine.calls()).toHaveLength(before);
  const second = machine.addTfjsNode('second');
  expect((await provide({ tfjsNode: second })).state).toBe('made');
  expect(readFileSync(addon(second), 'utf8')).toBe('compiled\n');
  expect(machine.calls()).toHaveLength(before);
});

test('an emptied cache, a removed addon and a changed source of tfjs-node are noticed', async () => {
  await provide();
  rmSync(machine.cache, { recursive: true });
  expect((await provide()).state).toBe('made');
  expect(readFileSync(linked('libtensorflow_framework.so.2'), 'utf8')).toBe('small');
  rmSync(addon());
  expect((await provide()).state).toBe('made');
  expect(existsSync(addon())).toBe(true);
  const compilations = machine.count(/^c\+\+/);
  writeFileSync(join(machine.tfjsNode, 'binding', 'tfjs_backend.cc'), '// another source');
  expect((await provide()).state).toBe('made');
  expect(machine.count(/^c\+\+/)).toBeGreaterThan(compilations);
});

test('a wheel with another hash is refused before it is unpacked, both hashes are named, the file is gone', async () => {
  writeFileSync(machine.served, 'PK something else');
  const { state, reasons } = await provide();
  expect(state).toBe('missing');
  expect(reasons).toHaveLength(1);
  expect(reasons[0]).toContain(machine.wheel.sha256);
  expect(reasons[0]).toMatch(/has sha256 [0-9a-f]{64}, but [0-9a-f]{64} was expected/);
  expect(readdirSync(machine.cache)).toEqual([]);
  expect(existsSync(addon())).toBe(false);
});

test('a damaged wheel in the cache is named, removed and downloaded again', async () => {
  mkdirSync(machine.cache);
  writeFileSync(join(machine.cache, machine.wheel.fileName), 'half of it');
  const { state, stderr } = await provide();
  expect(state).toBe('made');
  expect(stderr).toMatch(
    /tensorflow\.whl has sha256 .* was expected\. It was removed and is downloaded again/,
  );
});

test('a good wheel that was put into the cache by hand needs no pip', async () => {
  mkdirSync(machine.cache);
  writeFileSync(join(machine.cache, machine.wheel.fileName), readFileSync(machine.served));
  machine.removeProgram('python3');
  expect((await provide()).state).toBe('made');
});

test('all that is missing is told at once, before anything is downloaded', async () => {
  machine.removeProgram('python3');
  machine.removeProgram('c++');
  const { state, reasons } = await provide();
  expect(state).toBe('missing');
  expect(reasons).toEqual([
    expect.stringMatching(/^no C\+\+ compiler .*: install one/),
    expect.stringMatching(/^no pip .*: install Python 3 with pip/),
  ]);
  expect(machine.calls()).toEqual([]);
  machine.addCompiler();
  machine.addPip();
  expect((await provide()).state).toBe('made');
});

test('without a compiler nothing is downloaded', async () => {
  machine.removeProgram('c++');
  expect((await provide()).state).toBe('missing');
  expect(machine.count(/download/)).toBe(0);
});

test('a platform without a pinned wheel is told which have one', async () => {
  const { state, reasons } = await provide({ wheel: null });
  expect(state).toBe('missing');
  expect(reasons).toEqual([
    expect.stringMatching(/^no pinned TensorFlow wheel for \w+-\w+ \(there is one for linux-x64/),
  ]);
});

test('the compiler says why it failed, and no half addon is kept', async () => {
  machine.addCompiler('echo "fatal error: no headers" >&2; exit 1');
  const { state, reasons } = await provide();
  expect(state).toBe('missing');
  expect(reasons[0]).toMatch(/c\+\+ cannot compile the addon[^]*fatal error: no headers/);
  expect(readdirSync(join(machine.cache, 'addons'))).toEqual([]);
  expect(leftovers()).toEqual([]);
});

test('an addon that does not load is not put in place', async () => {
  const { state, reasons } = await provide({ failing: true });
  expect(state).toBe('missing');
  expect(reasons[0]).toContain('wrong ELF class');
  expect(existsSync(addon())).toBe(false);
  expect(leftovers()).toEqual([]);
});

test('an addon from elsewhere stays while it loads, goes when it does not, and when forced', async () => {
  mkdirSync(join(machine.tfjsNode, 'lib', 'napi-v8'), { recursive: true });
  writeFileSync(addon(), 'from elsewhere');
  expect((await provide()).state).toBe('kept');
  expect(readFileSync(addon(), 'utf8')).toBe('from elsewhere');
  expect(machine.calls()).toEqual([]);
  expect((await provide({ force: true })).state).toBe('made');
  expect(readFileSync(addon(), 'utf8')).toBe('compiled\n');
});

test('before other commands, what failed is not tried again until something has changed', async () => {
  machine.addPip('echo "no network" >&2; exit 1');
  expect((await provide()).reasons[0]).toMatch(
    /download of tensorflow-cpu 1\.2\.3 by pip failed[^]*no network/,
  );
  expect((await provide({ quiet: true })).state).toBe('missing');
  expect(machine.count(/download/)).toBe(1);
  expect((await provide()).state).toBe('missing');
  expect(machine.count(/download/)).toBe(2);
  const env = { PATH: `${machine.bin}:${machine.folder('new')}` };
  await provide({ quiet: true, env });
  expect(machine.count(/download/)).toBe(3);
});

test('a cache that cannot be written is named', async () => {
  const blocked = join(machine.root, 'file');
  writeFileSync(blocked, '');
  const { state, reasons } = await provide({ cache: join(blocked, 'cache') });
  expect(state).toBe('missing');
  expect(reasons[0]).toMatch(/file\/cache cannot be written \(ENOTDIR\); TFJS_CARDINAL_CACHE names another/);
});

test('TFJS_CARDINAL_NO_NATIVE=1 leaves the native library out', async () => {
  const env = { ...machine.env, TFJS_CARDINAL_NO_NATIVE: '1' };
  expect(await provide({ env })).toMatchObject({ state: 'off', reasons: [] });
  expect(machine.calls()).toEqual([]);
});

test.each([
  ['download', () => machine.addPip('echo half > "$2/tensorflow.whl"; /bin/sleep 60'), /download/],
  ['compilation', () => machine.addCompiler('/bin/sleep 60'), /^c\+\+/],
])(
  'a set-up killed in its %s is taken up by the next, which removes what was left',
  async (_, slow, started) => {
    slow();
    const child = startModule(PROVIDE, inputOf());
    const ended = finish(child);
    while (machine.count(started) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGKILL');
    await ended;
    expect(leftovers().length).toBeGreaterThan(0);
    machine.addPip();
    machine.addCompiler();
    expect((await provide()).state).toBe('made');
    expect(readFileSync(addon(), 'utf8')).toBe('compiled\n');
    expect(leftovers()).toEqual([]);
  },
);

test('of two at once one downloads, and both end with a working result', async () => {
  machine.addPip('/bin/sleep 0.5');
  const second = machine.addTfjsNode('second');
  const both = await Promise.all([provide(), provide({ tfjsNode: second })]);
  expect(both.map(({ state }) => state)).toEqual(['made', 'made']);
  expect(machine.count(/download/)).toBe(1);
  expect(both.map(({ stderr }) => stderr).join('')).toMatch(/waiting for another set-up \(process \d+/);
  for (const tfjsNode of [machine.tfjsNode, second])
    expect(readFileSync(addon(tfjsNode), 'utf8')).toBe('compiled\n');
  expect(leftovers()).toEqual([]);
});
