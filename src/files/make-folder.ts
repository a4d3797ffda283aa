import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that are missing.
 *
 * Node's own `mkdir` with `recursive` never returns where the system answers ENOENT although the folder above is
 * there, as Linux does in `/proc`; this one passes that answer on.
 *
 * @throws Error with the system's `code` when there is a file in the way or the folder cannot be made
 *
 * @example
 * await makeFolder('runs/first'); // also when it is there already
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && dirname(folder) !== folder) {
      await makeFolder(dirname(folder));
      await makeOne(folder);
    } else if (!(await isFolder(folder))) {
      throw error;
    }
  }
}

/** Makes a folder of which only the last part may be missing, or that another process makes at the same time. */
async function makeOne(folder: string): Promise<void> {
  await mkdir(folder).catch(async (error: Error) => {
    if (!(await isFolder(folder))) throw error;
  });
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}
