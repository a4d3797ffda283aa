import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotCompilableError } from '../../step-compiler';
import { type Binding } from './binding';
import { TAG } from './messages';

/** How a session runs a graph. */
export interface SessionConfig {
  /**
   * Whether one thread goes through the operations, each of which may still use others: for a graph of many short
   * operations, one after the other, which else are handed from thread to thread. `false` by default.
   */
  readonly isSequential?: boolean;
}

/** Read by the addon that set-up compiles (scripts/setup/session-options.cc); tfjs-node's own knows nothing of it. */
const CONFIG_VARIABLE = 'TFJS_CARDINAL_SESSION_CONFIG';

/**
 * Loads a graph into a session of libtensorflow, which optimises it as a whole; returns the session's number.
 *
 * @throws NotCompilableError with TensorFlow's words where it refuses the graph
 */
export function loadSession(
  binding: Binding,
  savedModel: Uint8Array,
  { isSequential = false }: SessionConfig = {},
): number {
  // TensorFlow's C API takes a SavedModel from a folder alone. It has read all of it when the call returns.
  const folder = mkdtempSync(join(tmpdir(), 'tfjs-cardinal-'));
  try {
    writeFileSync(join(folder, 'saved_model.pb'), savedModel);
    if (isSequential) process.env[CONFIG_VARIABLE] = Buffer.from(sequentialConfig()).toString('hex');
    return binding.loadSavedModel(folder, TAG);
  } catch (error) {
    throw new NotCompilableError(`TensorFlow refuses the graph: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    delete process.env[CONFIG_VARIABLE];
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A `tensorflow.ConfigProto` whose `experimental.executor_type`, fields 16 and 3, is the executor of one thread. */
function sequentialConfig(): Uint8Array {
  const experimental = new BinaryWriter().tag(3, WireType.LengthDelimited).string('SINGLE_THREADED_EXECUTOR');
  return new BinaryWriter().tag(16, WireType.LengthDelimited).bytes(experimental.finish()).finish();
}
