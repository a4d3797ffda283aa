// Holds the lock of a folder until it is killed.
import { withFolderLock } from '../../src/files/folder-lock';

void withFolderLock(process.argv[2], () => {
  process.stdout.write('held\n');
  return new Promise((done) => setTimeout(done, 60_000));
});
