import type * as TfjsNode from '@tensorflow/tfjs-node';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CardinalError } from '../../errors';
import { registerOwnKernels } from '../../ops/own-kernels';
import { registerStepCompiler } from '../step-compiler';
import { whyNoBfloat16 } from './compile/bfloat16';
import { compileStep } from './compile/compile-step';
import { installNodeShims } from './node-shims';

let loaded: typeof TfjsNode | undefined;

/**
 * Loads `@tensorflow/tfjs-node` on first use, which makes `tensorflow` the current backend, and returns the module.
 *
 * Before that it installs what Node 23 and later lack, keeps TensorFlow's informational lines off stderr
 * (`TF_CPP_MIN_LOG_LEVEL=2`), and asks for oneDNN (`TF_ENABLE_ONEDNN_OPTS=1`), which TensorFlow would turn on by
 * itself only on newer processors and without which it has no gradients of grouped convolutions. Settings that are
 * already in the environment are respected.
 *
 * @throws CardinalError when tfjs-node is not installed or its native addon is missing, damaged or does not load
 *
 * @example
 * const tf = loadTfjsNode();
 * tf.getBackend(); // 'tensorflow'
 */
export function loadTfjsNode(): typeof TfjsNode {
  if (loaded !== undefined) return loaded;
  installNodeShims();
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';
  checkNativeFiles();
  quietTensorflow();
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- lazily, and only where it may be missing
    loaded = require('@tensorflow/tfjs-node') as typeof TfjsNode;
    registerStepCompiler('tensorflow', compileStep, (precision) =>
      precision === 'bfloat16' ? whyNoBfloat16() : undefined,
    );
    loadOwnKernels();
  } catch (error) {
    throw new CardinalError(explainFailure(error), { cause: error });
  }
  return loaded;
}

/**
 * The version of TensorFlow behind the `tensorflow` backend, such as `2.21.0`.
 *
 * @throws CardinalError as {@link loadTfjsNode} does
 *
 * @example
 * tensorflowVersion(); // '2.21.0'
 */
export function tensorflowVersion(): string {
  const backend = loadTfjsNode().engine().findBackend('tensorflow') as unknown as {
    binding: { TF_Version: string };
  };
  return backend.binding.TF_Version;
}

function explainFailure(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const code = (error as { code?: string } | null)?.code;
  if (code === 'MODULE_NOT_FOUND' && message.includes('@tensorflow/tfjs-node')) {
    return "@tensorflow/tfjs-node is not installed: run 'npm install --ignore-scripts @tensorflow/tfjs-node', then 'npx cardinal setup'";
  }
  if (message.includes('tfjs_binding.node') && message.includes('can not be found')) {
    const why = setupReasons().map((reason) => `; ${reason}`);
    return `the native addon of @tensorflow/tfjs-node is missing: run 'npx cardinal setup'${why.join('')}`;
  }
  const reason = message.split('\n')[0];
  return `@tensorflow/tfjs-node does not load (${reason}): run 'npx cardinal setup --force'`;
}

/** What set-up notes beside the addon (scripts/setup/install-addon.mjs). */
interface Stamp {
  /** Why it could not provide it. */
  readonly reasons?: readonly string[];
  /** SHA-256 of the addons that it compiled. */
  readonly hashes?: Readonly<Record<string, string>>;
  /** Bytes of the libraries that they load. */
  readonly libraries?: Readonly<Record<string, number>>;
}

function readStamp(): Stamp {
  try {
    return JSON.parse(readFileSync(join(addonFolder(), 'cardinal.json'), 'utf8')) as Stamp;
  } catch {
    return {};
  }
}

function setupReasons(): string[] {
  return (readStamp().reasons ?? []).map((reason) => reason.split('\n')[0]);
}

/**
 * Throws where a file that is about to be loaded into the process is not the one that set-up put there: a file that is cut off
 * ends the process by a signal, without a word. The libraries are too large to be read each time, and are told by their size.
 */
function checkNativeFiles(): void {
  const { hashes = {}, libraries = {} } = readStamp();
  const damaged = (path: string): CardinalError =>
    new CardinalError(`${path} is damaged, or not what set-up put there: run 'npx cardinal setup'`);
  for (const [name, expected] of Object.entries(hashes)) {
    const path = join(addonFolder(), name);
    // One that is missing is told of, or done without, by whoever loads it.
    if (existsSync(path) && sha256(path) !== expected) throw damaged(path);
  }
  for (const [name, expected] of Object.entries(libraries)) {
    const path = join(addonFolder(), '..', '..', 'deps', 'lib', name);
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size === undefined) throw new CardinalError(`${path} is missing: run 'npx cardinal setup'`);
    if (size !== expected) throw damaged(path);
  }
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

// Set-up puts an addon beside tfjs-node's that applies TF_CPP_MIN_LOG_LEVEL before TensorFlow's own code runs; without
// it TensorFlow announces oneDNN on stderr whatever that variable says.
function quietTensorflow(): void {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- a native addon that may not be there
    require(join(addonFolder(), 'quiet_tensorflow.node'));
  } catch {
    // Not set up by us: the lines appear.
  }
}

// Set-up compiles an addon with this package's own kernels too. It is there or not together with tfjs-node's; tfjs-node's
// own install brings none.
function loadOwnKernels(): void {
  registerOwnKernels(
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- a native addon that may not be there
    () => require(join(addonFolder(), 'cardinal_kernels.node')) as { isSupported: boolean },
  );
}

function addonFolder(): string {
  return join(dirname(require.resolve('@tensorflow/tfjs-node/package.json')), 'lib', 'napi-v8');
}
