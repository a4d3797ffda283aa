import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../src/files/make-folder';
import { temporaryFolders } from '../data/made-data';

const folder = temporaryFolders();

describe('makeFolder', () => {
  it('makes a folder and those above it, several at once too, and leaves one that is there', async () => {
    const deep = join(folder(), 'a', 'b', 'c');
    await Promise.all([makeFolder(deep), makeFolder(deep), makeFolder(join(deep, 'd'))]);
    await makeFolder(deep);
    expect(statSync(join(deep, 'd')).isDirectory()).toBe(true);
  });

  it('fails where a file is in the way', async () => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(file, 'a', 'b'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  // Other systems have no folder that answers ENOENT to whoever makes one in it.
  const onLinux = existsSync('/proc/self') ? it : it.skip;
  onLinux('ends where Node alone would not, in /proc', async () => {
    await expect(makeFolder('/proc/tfjs-cardinal/made')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
