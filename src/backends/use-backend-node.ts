import * as tf from '@tensorflow/tfjs';
import { CardinalError, unknownChoice } from '../errors';
import { loadTfjsNode } from './tensorflow/load-tfjs-node';

/** The names that {@link useBackend} takes. */
export const BACKEND_NAMES = ['auto', 'tensorflow', 'wasm', 'cpu'] as const;

/** What {@link useBackend} accepts. `auto` is `tensorflow` where it loads, else `wasm`, else `cpu`. */
export type BackendName = (typeof BACKEND_NAMES)[number];

/** The backend that is now current, and one sentence for each faster one that could not be had. */
export interface BackendChoice {
  readonly backend: string;
  readonly missing: string[];
}

/**
 * Makes a backend the current one in Node and waits until it is ready.
 *
 * `auto` prefers libtensorflow through tfjs-node and falls back to WASM, then says once on stderr what is missing and
 * what to do. A backend asked for by name is that one or an error, never another. `TFJS_CARDINAL_NO_NATIVE=1` makes
 * `auto` pass over tfjs-node.
 *
 * @throws InvalidArgumentError for a name that is none of `auto`, `tensorflow`, `wasm`, `cpu`
 * @throws CardinalError when the named backend cannot be had
 *
 * @example
 * const { backend } = await useBackend(); // 'tensorflow'
 */
export async function useBackend(name: BackendName = 'auto'): Promise<BackendChoice> {
  if (!BACKEND_NAMES.includes(name)) throw unknownChoice('backend', name, BACKEND_NAMES);
  if (name !== 'auto') {
    await activate(name);
    return { backend: tf.getBackend(), missing: [] };
  }
  const missing: string[] = [];
  for (const candidate of ['tensorflow', 'wasm', 'cpu'] as const) {
    try {
      if (candidate === 'tensorflow' && process.env.TFJS_CARDINAL_NO_NATIVE === '1') {
        throw new CardinalError('TFJS_CARDINAL_NO_NATIVE=1 turns TensorFlow off: unset it to have it back');
      }
      await activate(candidate);
      break;
    } catch (error) {
      missing.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (missing.length > 0) sayOnce(`running on the ${tf.getBackend()} backend: ${missing.join('; ')}`);
  return { backend: tf.getBackend(), missing };
}

async function activate(name: Exclude<BackendName, 'auto'>): Promise<void> {
  if (name === 'tensorflow') loadTfjsNode();
  if (name === 'wasm') loadWasm();
  const ready = await tf.setBackend(name);
  if (!ready) throw new CardinalError(`the ${name} backend of TensorFlow.js does not start here`);
  await tf.ready();
}

function loadWasm(): void {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an optional peer, only loaded when asked for
    require('@tensorflow/tfjs-backend-wasm');
  } catch (error) {
    throw new CardinalError(
      "@tensorflow/tfjs-backend-wasm does not load: run 'npm install @tensorflow/tfjs-backend-wasm'",
      { cause: error },
    );
  }
}

const said = new Set<string>();

function sayOnce(text: string): void {
  if (said.has(text)) return;
  said.add(text);
  process.stderr.write(`${text}\n`);
}
