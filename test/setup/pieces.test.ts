import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeMachine } from './fake-machine';
import { makeZip } from './make-zip';
import { runModule } from './run-module';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cardinal-setup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): void {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), text);
}

async function run(lines: string, input: object = {}): Promise<unknown> {
  const { answer, stderr, code } = await runModule(lines, { folder, ...input });
  if (code !== 0) throw new Error(stderr);
  return answer;
}

test('the cache folder follows the variable, then the platform', async () => {
  const lines = `
    const { cacheFolder } = await load('cache-folder');
    answer(input.cases.map(([env, platform]) => cacheFolder(env, platform, '/home/ada')));`;
  const cases = [
    [{ TFJS_CARDINAL_CACHE: '/mine', XDG_CACHE_HOME: '/xdg' }, 'linux'],
    [{ XDG_CACHE_HOME: '/xdg' }, 'linux'],
    [{}, 'linux'],
    [{}, 'darwin'],
    [{ LOCALAPPDATA: '/local' }, 'win32'],
  ];
  expect(await run(lines, { cases })).toEqual([
    '/mine',
    '/xdg/tfjs-cardinal',
    '/home/ada/.cache/tfjs-cardinal',
    '/home/ada/Library/Caches/tfjs-cardinal',
    '/local/tfjs-cardinal/Cache',
  ]);
});

test('unzip takes the chosen members only, stored and deflated, and refuses what is no whole zip', async () => {
  const long = 'line of text\n'.repeat(10_000);
  const zip = makeZip({ 'a/long.txt': long, 'a/short.txt': 'short', 'a/empty': '', 'a/other.txt': 'no' });
  writeFileSync(join(folder, 'good.zip'), zip);
  writeFileSync(join(folder, 'cut.zip'), zip.subarray(0, zip.length - 30));
  const lines = `
    const { unzip } = await load('unzip');
    const members = { 'a/long.txt': 'out/long', 'a/short.txt': 'short', 'a/empty': 'empty' };
    let last;
    const total = await unzip(input.folder + '/good.zip', members, input.folder, (done) => { last = done; });
    const failures = [];
    for (const [name, wanted] of [['cut.zip', members], ['good.zip', { 'a/absent': 'x' }]]) {
      await unzip(input.folder + '/' + name, wanted, input.folder).catch((error) => failures.push(error.message));
    }
    answer({ total, last, failures });`;
  expect(await run(lines)).toEqual({
    total: long.length + 5,
    last: long.length + 5,
    failures: ['not a zip file', expect.stringContaining('has no member a/absent')],
  });
  expect(readFileSync(join(folder, 'out', 'long'), 'utf8')).toBe(long);
  expect(readFileSync(join(folder, 'short'), 'utf8')).toBe('short');
  expect(readFileSync(join(folder, 'empty'), 'utf8')).toBe('');
  expect(existsSync(join(folder, 'other.txt'))).toBe(false);
});

test('a lock keeps work apart, and one whose process is gone or silent counts for nothing', async () => {
  const lines = `
    const { withLock } = await load('lock');
    const { writeFileSync, utimesSync, existsSync } = await import('node:fs');
    const { hostname } = await import('node:os');
    const path = input.folder + '/locks/one.lock';
    const log = [];
    const work = (name) => withLock(path, async () => {
      log.push(name + ' starts');
      await new Promise((resolve) => setTimeout(resolve, 50));
      log.push(name + ' ends');
    }, { pollMs: 5 });
    await Promise.all([work('a'), work('b')]);
    const apart = log[1].startsWith(log[0][0]) && log[3].startsWith(log[2][0]);
    const holder = (pid, host) => writeFileSync(path, JSON.stringify({ id: 'x', pid, host }));
    holder(2 ** 22 + 1, hostname());
    const startedAt = Date.now();
    await work('after a dead process');
    holder(1, 'another machine');
    utimesSync(path, 0, 0);
    await work('after a silent one');
    writeFileSync(path, '');
    utimesSync(path, Date.now() / 1000 - 3, Date.now() / 1000 - 3);
    await work('after one without content');
    const waitedLong = Date.now() - startedAt > 10_000;
    const failed = await withLock(path, async () => { throw new Error('work failed'); }).catch((e) => e.message);
    answer({ apart, count: log.length, waitedLong, failed, left: existsSync(path) });`;
  expect(await run(lines)).toEqual({
    apart: true,
    count: 10,
    waitedLong: false,
    failed: 'work failed',
    left: false,
  });
});

test('packages count as installed by stamp or by npm’s own record, and not when the lock has moved on', async () => {
  const lines = `
    const { arePackagesInstalled } = await load('packages');
    answer(arePackagesInstalled(input.folder));`;
  const lock = (version: string): string =>
    JSON.stringify({
      packages: {
        '': { name: 'root' },
        'node_modules/one': { version },
        'node_modules/mac-only': { version: '1.0.0', optional: true },
      },
    });
  write('package-lock.json', lock('1.0.0'));
  expect(await run(lines)).toBe(false);
  write('node_modules/one/package.json', '{}');
  write(
    'node_modules/.package-lock.json',
    JSON.stringify({ packages: { 'node_modules/one': { version: '1.0.0' } } }),
  );
  expect(await run(lines)).toBe(true);
  const record = join(folder, 'node_modules', '.package-lock.json');
  renameSync(record, `${record}.aside`);
  expect(await run(lines)).toBe(true); // by the stamp
  renameSync(`${record}.aside`, record);
  write('package-lock.json', lock('1.0.1'));
  expect(await run(lines)).toBe(false);
});

test('the build runs when sources change, prunes outputs without a source, and reports a failure', async () => {
  const lines = `
    const { isBuilt, build } = await load('build');
    const before = isBuilt(input.folder);
    const reporter = { say() {} };
    const failure = await build(input.folder, { env: process.env, reporter }).then(() => null, (e) => e.message);
    answer({ before, failure, after: isBuilt(input.folder) });`;
  for (const name of ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json']) write(name, '{}');
  write('scripts/cli/index.ts', 'one');
  write('dist/src/gone.js', 'stale');
  const output = join(folder, 'dist', 'scripts', 'cli', 'index.js');
  write(
    'node_modules/typescript/bin/tsc',
    `const fs = require('fs'); if (fs.existsSync('broken')) process.exit(2);
     fs.mkdirSync('dist/scripts/cli', { recursive: true }); fs.writeFileSync('dist/scripts/cli/index.js', '');`,
  );
  expect(await run(lines)).toEqual({ before: false, failure: null, after: true });
  expect(existsSync(join(folder, 'dist', 'src', 'gone.js'))).toBe(false);
  expect(() => chmodSync(output, 0o755)).not.toThrow();
  expect(await run(`answer((await load('build')).isBuilt(input.folder));`)).toBe(true);
  write('scripts/cli/index.ts', 'two');
  write('broken', '');
  expect(await run(lines)).toEqual({
    before: false,
    failure: expect.stringMatching(/the build failed \(exit code 2\)/) as string,
    after: false,
  });
});

test('progress without a terminal is plain lines, with one a bar that redraws in place', async () => {
  const lines = `
    const { makeReporter } = await load('reporter');
    let text = '';
    const stream = { isTTY: input.isTTY, columns: 60, write: (chunk) => (text += chunk) };
    const progress = makeReporter(stream).progress('downloading', 2e6);
    progress.update(1e6);
    progress.stop(2e6);
    answer(text);`;
  expect(await run(lines, { isTTY: false })).toMatch(/^setup: downloading: 2\.0\/2\.0 MB[^\r]*\n$/);
  const bar = (await run(lines, { isTTY: true })) as string;
  expect(bar).toMatch(
    /^\rsetup: downloading █{12}░{12} 1\.0\/2\.0 MB.*\rsetup: downloading █{24} 2\.0\/2\.0 MB.*\n$/,
  );
  for (const line of bar.split('\r')) expect(line.replace('\u001b[K', '').trimEnd().length).toBeLessThan(60);
});

describe('a pip that goes wrong is stopped', () => {
  const machine = new FakeMachine();
  afterAll(() => rmSync(machine.root, { recursive: true }));
  const lines = `
    const { downloadWheel } = await load('download-wheel');
    const reporter = { say: () => {}, progress: () => ({ update: () => {}, stop: () => {} }) };
    const { wheel, cache, env } = input;
    answer(await downloadWheel(wheel, cache, { env, reporter, patience: 1000 }).catch(({ reasons }) => reasons));`;
  const stopped = (why: string) => [expect.stringMatching(new RegExp(`by pip was stopped: ${why}`))];

  test.each([
    [
      'that brings far more than the wheel',
      '/usr/bin/truncate -s 1G "$2/endless"; exec /bin/sleep 60',
      'it brought 1073741824 bytes',
    ],
    ['that brings nothing any more', 'exec /bin/sleep 60', 'next to nothing came in 1 s'],
  ])('one %s', async (_, before, why) => {
    machine.addPip(before);
    const { wheel, env } = machine;
    const began = performance.now();
    expect(await run(lines, { wheel, cache: folder, env })).toEqual(stopped(why));
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(readdirSync(folder)).toEqual([]);
  });
});
