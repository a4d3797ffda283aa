// Writes into a run folder as its arguments say, and kills itself before the n-th change.
import { withFolderLock } from '../../../src/files/folder-lock';
import { createRun, writeProgress, writeResult } from '../../../src/train/run-folder-node';
import { beforeChange } from '../../support/nth-change';
import { madeResult, madeState, RUN_CONFIG } from '../made-run';

const WRITES: Readonly<Record<string, (folder: string) => Promise<void>>> = {
  progress: (folder) => writeProgress(folder, madeState(2), { isBest: true }),
  result: (folder) => writeResult(folder, madeResult(2)),
  anew: (folder) => createRun(folder, { ...RUN_CONFIG, backend: 'wasm' }, { overwrite: true }),
};

const [what, folder, n] = process.argv.slice(2);
beforeChange(Number(n), () => process.kill(process.pid, 'SIGKILL'));
void withFolderLock(folder, () => WRITES[what](folder));
