import { CardinalError } from '../errors';
import { readRegularFile } from './regular-file';

/**
 * The bytes of a file.
 *
 * @throws CardinalError naming the file that is missing or cannot be read
 */
export async function readFile(path: string): Promise<Buffer> {
  return readRegularFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof CardinalError) throw error;
    const missing = error.code === 'ENOENT' || error.code === 'ENOTDIR';
    throw new CardinalError(
      missing ? `${path}: no such file` : `${path} could not be read: ${error.message}`,
    );
  });
}
