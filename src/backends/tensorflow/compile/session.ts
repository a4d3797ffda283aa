import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotCompilableError, type Precision } from '../../step-compiler';
import { type Binding } from './binding';
import { TAG } from './messages';

/** How a session runs a graph. */
export interface SessionConfig {
  /**
   * Whether one thread goes through the operations, each of which may still use others: for a graph of many short
   * operations, one after the other, which else are handed from thread to thread. `false` by default.
   */
  readonly isSequential?: boolean;
  /** Of what convolutions and matrix products multiply; `float32` by default. */
  readonly precision?: Precision;
  /**
   * Whether libtensorflow's threads stay awake between the operations of a run: one that waits for work looks for 50 us
   * whether there is any before it sleeps, since to wake it costs more than many a short operation. That time is lost to
   * whatever else needs the processor, so this is for a run that is waited for, of operations of less than about a
   * millisecond; while other processes want the processors, threads sleep at once. Its worth is in a process that has
   * set `TF_ONEDNN_THREADPOOL_USE_CALLER_THREAD=1`: else the caller sleeps while others work.
   *
   * `false` by default; without effect where the process has one processor, or elsewhere than on Linux with glibc on
   * x86-64.
   */
  readonly keepsThreadsAwake?: boolean;
}

// Read by the addon that set-up compiles (scripts/setup/session-options.cc, awake/sessions.cc); tfjs-node's own knows
// nothing of them.
const CONFIG_VARIABLE = 'TFJS_CARDINAL_SESSION_CONFIG';
const AWAKE_VARIABLE = 'TFJS_CARDINAL_AWAKE_THREADS';

/**
 * Loads a graph into a session of libtensorflow, which optimises it as a whole; returns the session's number.
 *
 * @throws NotCompilableError with TensorFlow's words where it refuses the graph
 */
export function loadSession(binding: Binding, savedModel: Uint8Array, config: SessionConfig = {}): number {
  // TensorFlow's C API takes a SavedModel from a folder alone. It has read all of it when the call returns.
  const folder = mkdtempSync(join(tmpdir(), 'tfjs-cardinal-'));
  try {
    writeFileSync(join(folder, 'saved_model.pb'), savedModel);
    const bytes = configProto(config);
    if (bytes.length > 0) process.env[CONFIG_VARIABLE] = Buffer.from(bytes).toString('hex');
    if (config.keepsThreadsAwake === true) process.env[AWAKE_VARIABLE] = '1';
    return binding.loadSavedModel(folder, TAG);
  } catch (error) {
    throw new NotCompilableError(`TensorFlow refuses the graph: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    delete process.env[CONFIG_VARIABLE];
    delete process.env[AWAKE_VARIABLE];
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A `tensorflow.ConfigProto`; empty for TensorFlow's defaults. */
function configProto({ isSequential = false, precision = 'float32' }: SessionConfig): Uint8Array {
  const config = new BinaryWriter();
  if (isSequential) {
    // experimental { executor_type }
    const experimental = message(3, (writer) => writer.string('SINGLE_THREADED_EXECUTOR'));
    config.tag(16, WireType.LengthDelimited).bytes(experimental);
  }
  if (precision === 'bfloat16') {
    // graph_options { rewrite_options { auto_mixed_precision_onednn_bfloat16: ON } }
    const rewriting = new BinaryWriter().tag(31, WireType.Varint).int32(1).finish();
    const options = message(10, (writer) => writer.bytes(rewriting));
    config.tag(10, WireType.LengthDelimited).bytes(options);
  }
  return config.finish();
}

/** A message of one field that has a length. */
function message(field: number, write: (writer: BinaryWriter) => BinaryWriter): Uint8Array {
  return write(new BinaryWriter().tag(field, WireType.LengthDelimited)).finish();
}
