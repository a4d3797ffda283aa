import { execFile } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { requireBfloat16 } from '../../src/backends/tensorflow/compile/bfloat16';
import { HAS_NATIVE } from '../support/backends';

function hasBfloat16(): boolean {
  try {
    requireBfloat16();
    return true;
  } catch {
    return false;
  }
}

// The addon is libtensorflow's: without it there is nothing to configure.
const testNative = HAS_NATIVE ? test : test.skip;

testNative('a session has the config that it is opened with, and the next one has none', async () => {
  // Inside the package, so that it finds the packages.
  const folder = join(__dirname, '..', '..', 'node_modules', '.cache', 'cardinal-tests');
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `session-config-${process.pid}.js`);
  const entryPoints = [join(__dirname, 'session-config-child.ts')];
  buildSync({ entryPoints, bundle: true, platform: 'node', packages: 'external', outfile });
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [outfile]);
    const { expected, sequential, coarse, plain, isLeft, refusal } = JSON.parse(stdout);
    expect(Math.abs(expected)).toBeGreaterThan(1e-4);
    expect(sequential).toBeCloseTo(expected, 5);
    expect(plain).toBeCloseTo(expected, 5);
    const difference = Math.abs(coarse / expected - 1);
    expect(difference).toBeLessThan(0.1);
    if (hasBfloat16()) expect(difference).toBeGreaterThan(1e-5);
    expect(isLeft).toBe(false);
    expect(refusal).toContain('NONE');
  } finally {
    rmSync(outfile);
  }
});
