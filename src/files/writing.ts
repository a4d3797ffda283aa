import { CardinalError } from '../errors';

/**
 * Work that writes; where the system refuses, the error names what could not be written.
 *
 * @throws CardinalError
 */
export async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CardinalError) throw error;
    throw new CardinalError(`${path} could not be written: ${(error as Error).message}`, { cause: error });
  }
}
