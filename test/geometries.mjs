// `npm run test:geometries [COUNT]`: 2,000 random geometries, or as many as are asked for, of grouped and depthwise convolution
// and both gradients, by every strategy on every backend, and of stock layers on wasm, against plain loops. `npm test` and
// `npm run test:browser` take the first of them. WebGL and WebGPU compile a program for each shape: an hour, without a GPU.
import { spawnSync } from 'node:child_process';

const [count = '2000'] = process.argv.slice(2);
const run = (...args) =>
  spawnSync(process.execPath, args, {
    stdio: 'inherit',
    env: { ...process.env, TEST_GEOMETRIES: count },
  }).status;

const suites = ['test/ops/geometries.test.ts', 'test/backends/stock-geometries.test.ts'];
const statuses = [
  run('node_modules/jest/bin/jest.js', '--verbose', ...suites),
  run('test/browser/check.mjs', '--geometries', count),
];
process.exitCode = statuses.every((status) => status === 0) ? 0 : 1;
