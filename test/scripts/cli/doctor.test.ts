import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '../../../src/backends/use-backend-node';
import { HAS_OWN_KERNELS } from '../../support/backends';
import { runCli } from './run-cli';

let cache: string;
beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), 'cardinal-doctor-'));
  mkdirSync(join(cache, 'cifar10'));
  writeFileSync(join(cache, 'cifar10', 'train.bin'), 'x'.repeat(1_500_000));
  writeFileSync(join(cache, 'other'), 'x'.repeat(500_000));
});
afterAll(() => rmSync(cache, { recursive: true }));

interface Report {
  missing: string[];
  [key: string]: unknown;
}

async function doctor(env: NodeJS.ProcessEnv): Promise<Report> {
  const { stdout, code } = await runCli(['doctor', '--json'], {
    env: { TFJS_CARDINAL_CACHE: cache, ...env },
  });
  expect(code).toBe(0);
  return JSON.parse(stdout) as Report;
}

test('on WASM there is no TensorFlow, and it is said why', async () => {
  const report = await doctor({ TFJS_CARDINAL_NO_NATIVE: '1', OMP_NUM_THREADS: '3' });
  expect(report).toMatchObject({
    node: process.version,
    tfjs: '4.22.0',
    backend: 'wasm',
    tensorflow: null,
    tfjsNode: null,
    oneDNN: null,
    nativeGroupedGradients: false,
    ownKernels: 'other-backend',
    noOwnKernels: 'its kernels run on the tensorflow backend only',
    threads: { settings: { OMP_NUM_THREADS: '3' } },
    missing: [expect.stringMatching(/TFJS_CARDINAL_NO_NATIVE=1 .* unset it/)],
  });
});

test('folders of the cache are measured', async () => {
  const report = await doctor({ TFJS_CARDINAL_NO_NATIVE: '1' });
  expect(report.cache).toEqual({
    folder: cache,
    bytes: 2_000_000,
    entries: [
      { name: 'cifar10', bytes: 1_500_000 },
      { name: 'other', bytes: 500_000 },
    ],
  });
});

test('for people it is a table without colour codes off a terminal', async () => {
  const { stdout, code } = await runCli(['doctor'], {
    env: { TFJS_CARDINAL_CACHE: cache, TFJS_CARDINAL_NO_NATIVE: '1', CI: '1' },
  });
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^Node +v\d+[^]*^backend +wasm$[^]*^cache +.* \(2\.0 MB\)$[^]*^missing +TFJS_CARDINAL/m,
  );
  expect(stdout).not.toContain('\u001b');
});

describe('on TensorFlow', () => {
  let native = false;
  beforeAll(async () => {
    native = (await useBackend()).backend === 'tensorflow';
  });

  test('versions and native grouped gradients are reported, where this machine has them', async () => {
    const report = await doctor({ TFJS_CARDINAL_NO_NATIVE: '' });
    if (!native) {
      expect(report.backend).toBe('wasm');
      return;
    }
    expect(report).toMatchObject({ backend: 'tensorflow', tfjsNode: '4.22.0' });
    expect(report.tensorflow).toMatch(/^\d+\.\d+\.\d+/);
    expect(report.oneDNN).toBe(report.nativeGroupedGradients);
    expect(report.noOwnKernels === null).toBe(HAS_OWN_KERNELS);
    expect(report.ownKernels).toBe(HAS_OWN_KERNELS ? 'ready' : 'processor');
  });

  test('without oneDNN the gradients are not native, and the setting to change is named', async () => {
    const report = await doctor({ TF_ENABLE_ONEDNN_OPTS: '0' });
    expect(report.nativeGroupedGradients).toBe(false);
    if (native) {
      expect(report.oneDNN).toBe(false);
      expect(report.missing).toEqual([expect.stringMatching(/TF_ENABLE_ONEDNN_OPTS=0 .*unset it/)]);
    }
  });
});
