// `npm run test:faults [NAME]`: all rounds of what `npm test` takes a few of, of the test files whose name holds NAME where one
// is given: 10,000 mutations of each readable format, kills at every step of saving, a flipped bit at 200 places. Hours, whole.
import { spawnSync } from 'node:child_process';

const [name = ''] = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  ['node_modules/jest/bin/jest.js', '--verbose', `test/faults/.*${name}`],
  { stdio: 'inherit', env: { ...process.env, TEST_FAULTS: 'full' } },
);
process.exitCode = status ?? 1;
