import { appendFileSync, cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeMachine } from './fake-machine';
import { runModule, SETUP_FOLDER } from './run-module';

const STAND_INS = {
  TF_NewSessionOptions: 'cardinal_new_session_options',
  TF_LoadSessionFromSavedModel: 'cardinal_load_session',
  TF_SessionRun: 'cardinal_run_session',
  TF_DeleteSession: 'cardinal_delete_session',
};

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

test("tfjs-node's sources alone are compiled with stand-ins, and all of ours are linked to them", async () => {
  const { tfjsNode, cache, env, wheel } = machine;
  const lines = `
    const { provideNative } = await load('native');
    const { makeReporter } = await load('reporter');
    const findFailure = async () => undefined;
    answer(await provideNative(input.tfjsNode, { ...input, findFailure, reporter: makeReporter() }));`;
  const { code, stderr } = await runModule(lines, { tfjsNode, cache, env, wheel });
  if (code !== 0) throw new Error(stderr);
  const compilations = machine.calls().filter((line) => line.startsWith('c++') && line.includes(' -c '));
  const sources = compilations.map((line) => / -c (\S+)/.exec(line)?.[1].split('/').at(-1));
  const ours = [
    'addon.cc',
    'quiet-tensorflow.cc',
    'relink.cc',
    'session-options.cc',
    'sessions.cc',
    'threads.cc',
  ];
  expect(sources.sort()).toEqual([...ours, 'tfjs_backend.cc', 'tfjs_binding.cc'].sort());
  for (const line of compilations) {
    const macros = [...line.matchAll(/ -D(TF_\w+)=(\w+)/g)].map(([, name, standIn]) => [name, standIn]);
    expect(Object.fromEntries(macros)).toEqual(line.includes('/tfjs_b') ? STAND_INS : {});
  }
  const link = machine.calls().find((line) => line.includes('tfjs_backend.o') && !line.includes(' -c '));
  for (const name of ['session-options', 'sessions', 'threads', 'relink', 'tfjs_binding']) {
    expect(link).toContain(`/${name}.o`);
  }
});

test('the key of an addon follows each of our sources', async () => {
  const { tfjsNode, wheel } = machine;
  // A copy of set-up, whose sources can be changed.
  const folder = mkdtempSync(join(tmpdir(), 'cardinal-setup-'));
  try {
    const copy = join(folder, 'setup');
    cpSync(SETUP_FOLDER, copy, { recursive: true });
    symlinkSync(join(SETUP_FOLDER, '..', '..', 'node_modules'), join(folder, 'node_modules'));
    const lines = `
      const { addonKey } = await import(input.copy + '/compile-addon.mjs');
      answer(addonKey(input.tfjsNode, input.wheel));`;
    const key = async (): Promise<unknown> => (await runModule(lines, { tfjsNode, wheel, copy })).answer;
    const keys = [await key()];
    expect(keys[0]).toMatch(/^[0-9a-f]{24}$/);
    expect(await key()).toBe(keys[0]);
    const awake = ['sessions.cc', 'threads.cc', 'threads.h', 'relink.cc', 'relink.h'];
    const kernels = readdirSync(join(copy, 'kernels')).map((name) => `kernels/${name}`);
    const names = [
      'quiet-tensorflow.cc',
      'session-options.cc',
      ...awake.map((name) => `awake/${name}`),
      ...kernels,
    ];
    expect(kernels).toContain('kernels/winograd-forward.h');
    for (const name of names) {
      appendFileSync(join(copy, name), '\n');
      keys.push(await key());
    }
    expect(new Set(keys).size).toBe(names.length + 1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
