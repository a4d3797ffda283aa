import type * as TfjsNode from '@tensorflow/tfjs-node';
import { readFileSync } from 'node:fs';
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
 * @throws CardinalError when tfjs-node is not installed or its native addon is missing or does not load
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

// Set-up notes beside the addon why it could not provide it (scripts/setup/install-addon.mjs).
function setupReasons(): string[] {
  try {
    const stamp = JSON.parse(readFileSync(join(addonFolder(), 'cardinal.json'), 'utf8')) as {
      reasons?: string[];
    };
    return (stamp.reasons ?? []).map((reason) => reason.split('\n')[0]);
  } catch {
    return [];
  }
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
