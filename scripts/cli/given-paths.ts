import { stat } from 'node:fs/promises';

import { invalidArgument, InvalidArgumentError } from '../../src/errors';

// What a person names and is not there is a slip in the command, as a wrong option is; what is there and cannot be read is not.

/**
 * Throws unless a file that was named is one, or anything else that can be read from, such as a pipe.
 *
 * @throws InvalidArgumentError
 */
export async function checkGivenFile(path: string): Promise<void> {
  const kind = await kindOfPath(path);
  if (kind === undefined) throw new InvalidArgumentError(`${path}: no such file`);
  if (kind === 'folder') throw new InvalidArgumentError(`${path}: it is a folder, and no file`);
}

/**
 * Throws unless a source of weights may be one: the path of a file that is there, a URL or a name on the hub.
 *
 * @throws InvalidArgumentError
 */
export async function checkWeightSource(flag: string, source: string): Promise<void> {
  if (/^(hf|https?):/.test(source)) return;
  const kind = await kindOfPath(source);
  if (kind === 'file') return;
  const what = kind === 'folder' ? 'and this is a folder' : 'which is not there';
  throw invalidArgument(flag, `a safetensors file, a URL or hf:OWNER/REPO, ${what}`, source);
}

/**
 * Throws where what is to be made a folder is a file, or lies in one.
 *
 * @throws InvalidArgumentError
 */
export async function checkFolderToMake(flag: string, path: string): Promise<void> {
  if ((await kindOfPath(path)) === 'file')
    throw invalidArgument(flag, 'a folder to make, and this is a file', path);
}

async function kindOfPath(path: string): Promise<'file' | 'folder' | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  return found.isDirectory() ? 'folder' : 'file';
}
