import type * as Onnxruntime from 'onnxruntime-node';
import { CardinalError } from '../errors';

/**
 * Loads `onnxruntime-node`, an optional peer, on first use.
 *
 * @throws CardinalError when it is not installed or does not load
 */
export function loadOnnxruntime(): typeof Onnxruntime {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- lazily, and only where it may be missing
    return require('onnxruntime-node') as typeof Onnxruntime;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const isMissing = code === 'MODULE_NOT_FOUND' && message.includes("'onnxruntime-node'");
    const reason = isMissing ? 'is not installed' : `does not load (${message.split('\n')[0]})`;
    throw new CardinalError(`onnxruntime-node ${reason}: run 'npm install onnxruntime-node'`, {
      cause: error,
    });
  }
}
