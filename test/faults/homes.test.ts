import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';

import { buildChild } from '../support/run-child';

const ROOT = resolve(__dirname, '../..');
const onLinux = process.platform === 'linux' ? test : test.skip;

let folder: string;
const built: string[] = [];
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'cardinal-homes-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
afterAll(() => built.forEach((file) => rmSync(file)));

describe('a home that is none', () => {
  let child: string;
  beforeAll(() => built.push((child = buildChild(join(__dirname, 'homes-child.ts')))));

  interface Found {
    readonly rule: string;
    readonly usable: string;
    readonly said: string;
  }

  /** What the library finds; the set-up must find the same. */
  function find(added: NodeJS.ProcessEnv): Found {
    const env = { PATH: process.env.PATH, TMPDIR: folder, ...added };
    const options = { env, cwd: folder, encoding: 'utf8' } as const;
    const { stdout, stderr } = spawnSync(process.execPath, [child], options);
    const [rule, usable] = JSON.parse(stdout) as [string, string];
    const module = JSON.stringify(join(ROOT, 'scripts/setup/cache-folder.mjs'));
    const program = `import(${module}).then(({ cacheFolder, usableCacheFolder }) => {
      let said = '';
      const usable = usableCacheFolder(process.env, (text) => (said += text + '\\n'));
      process.stdout.write(JSON.stringify([cacheFolder(), usable, said]));
    })`;
    const setup = JSON.parse(execFileSync(process.execPath, ['-e', program], options)) as string[];
    expect(setup).toEqual([rule, usable, stderr]);
    return { rule, usable, said: stderr };
  }

  const temporary = (): string => join(folder, `tfjs-cardinal-${process.getuid?.()}`);

  onLinux('an empty HOME is not the current folder: the user has a home elsewhere', () => {
    const { rule } = find({ HOME: '' });
    expect(rule).toBe(join(userInfo().homedir, '.cache', 'tfjs-cardinal'));
    expect(existsSync(join(folder, '.cache'))).toBe(false);
  });

  onLinux('a relative HOME is none', () => {
    expect(find({ HOME: 'here' }).rule).not.toContain('here');
  });

  onLinux(
    'neither HOME nor an entry of the user: a folder of the user’s own among the temporary files',
    () => {
      // Without an entry os.userInfo() throws, and os.homedir() too where HOME is not set.
      const preload = join(folder, 'nobody.cjs');
      writeFileSync(
        preload,
        `const os = require('node:os');
       const fail = () => { throw Object.assign(new Error('uv_os_homedir returned ENOENT'), { code: 'ERR_SYSTEM_ERROR' }); };
       os.homedir = fail; os.userInfo = fail;
       require('node:module').syncBuiltinESMExports();`,
      );
      const { rule, usable, said } = find({ NODE_OPTIONS: `--require ${preload}` });
      expect([rule, usable, said]).toEqual([temporary(), temporary(), '']);
      expect(statSync(usable).mode & 0o777).toBe(0o700);
    },
  );

  onLinux('a home that cannot be written: the same, and it is said once', () => {
    const { rule, usable, said } = find({ HOME: '/proc/1' });
    expect([rule, usable]).toEqual(['/proc/1/.cache/tfjs-cardinal', temporary()]);
    expect(said).toMatch(
      /^the cache folder \/proc\/1\/\.cache\/tfjs-cardinal cannot be written \(E[A-Z]+\): .* is taken for now; TFJS_CARDINAL_CACHE names another\n$/,
    );
  });

  onLinux('a temporary folder that others can write is not trusted', () => {
    execFileSync('mkdir', ['-m', '777', temporary()]);
    const { stdout } = spawnSync(process.execPath, [child], {
      env: { PATH: process.env.PATH, TMPDIR: folder, HOME: '/proc/1' },
      encoding: 'utf8',
    });
    const [, usable] = JSON.parse(stdout) as [string, string];
    expect(usable).not.toBe(temporary());
    expect(statSync(usable).mode & 0o777).toBe(0o700);
  });

  onLinux('a folder that was named is never another’s', () => {
    expect(find({ TFJS_CARDINAL_CACHE: '/proc/1/x' }).usable).toBe('/proc/1/x');
  });
});

const tfjsNode = join(ROOT, 'node_modules/@tensorflow/tfjs-node');
const stamp = join(tfjsNode, 'lib/napi-v8/cardinal.json');
const isCompiled = existsSync(stamp) && readFileSync(stamp, 'utf8').includes('"hashes"');
const withAddon = isCompiled ? test : test.skip;

describe('native files that are not what set-up put there', () => {
  let child: string;
  beforeAll(() => (child = buildChild(join(__dirname, 'native-child.ts'))));
  afterAll(() => rmSync(child));

  const inFolder = (...path: string[]): string => join(folder, 'node_modules', ...path);

  /** A project with a copy of tfjs-node and links to all other packages, and what a program there comes to. */
  function run(damage: (tfjsNode: string) => void): { refused: string; backend: string } {
    const copy = inFolder('@tensorflow/tfjs-node');
    cpSync(tfjsNode, copy, { recursive: true, verbatimSymlinks: true });
    for (const name of ['tfjs', 'tfjs-core', 'tfjs-backend-wasm']) {
      symlinkSync(join(ROOT, 'node_modules/@tensorflow', name), inFolder('@tensorflow', name));
    }
    damage(copy);
    cpSync(child, join(folder, 'child.cjs'));
    const env = { ...process.env, NODE_PATH: join(ROOT, 'node_modules') };
    const { stdout, signal, stderr } = spawnSync(process.execPath, [join(folder, 'child.cjs')], {
      env,
      encoding: 'utf8',
    });
    expect([signal, stderr.includes('damaged')]).toEqual([null, stdout.includes('damaged')]);
    return JSON.parse(stdout) as { refused: string; backend: string };
  }

  withAddon.each(['quiet_tensorflow.node', 'tfjs_binding.node', 'cardinal_kernels.node'])(
    '%s, cut off: named, and another backend takes over',
    (name) => {
      const { refused, backend } = run((copy) => {
        const path = join(copy, 'lib/napi-v8', name);
        truncateSync(path, Math.floor(statSync(path).size / 2));
      });
      expect(refused).toMatch(
        new RegExp(`${name} is damaged, or not what set-up put there: run 'npx cardinal setup'$`),
      );
      expect(backend).toBe('wasm');
    },
  );

  withAddon('a library, cut off', () => {
    const { refused } = run((copy) => {
      const link = join(copy, 'deps/lib/libtensorflow_framework.so.2');
      const original = realpathSync(link);
      rmSync(link);
      cpSync(original, link);
      truncateSync(link, 1_000_000);
    });
    expect(refused).toMatch(/libtensorflow_framework\.so\.2 is damaged/);
  });
});
