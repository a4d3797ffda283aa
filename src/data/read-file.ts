import { readFile as read } from 'node:fs/promises';

import { CardinalError } from '../errors';

/**
 * The bytes of a file.
 *
 * @throws CardinalError naming the file that is missing or cannot be read
 */
export async function readFile(path: string): Promise<Buffer> {
  return read(path).catch((error: NodeJS.ErrnoException) => {
    const missing = error.code === 'ENOENT' || error.code === 'ENOTDIR';
    throw new CardinalError(
      missing ? `${path}: no such file` : `${path} could not be read: ${error.message}`,
    );
  });
}
