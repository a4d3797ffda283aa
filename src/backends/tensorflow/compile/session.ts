import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotCompilableError } from '../../step-compiler';
import { type Binding } from './binding';
import { TAG } from './messages';

/**
 * Loads a graph into a session of libtensorflow, which optimises it as a whole; returns the session's number.
 *
 * @throws NotCompilableError with TensorFlow's words where it refuses the graph
 */
export function loadSession(binding: Binding, savedModel: Uint8Array): number {
  // TensorFlow's C API takes a SavedModel from a folder alone. It has read all of it when the call returns.
  const folder = mkdtempSync(join(tmpdir(), 'tfjs-cardinal-'));
  try {
    writeFileSync(join(folder, 'saved_model.pb'), savedModel);
    return binding.loadSavedModel(folder, TAG);
  } catch (error) {
    throw new NotCompilableError(`TensorFlow refuses the graph: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
