import type { Command } from 'commander';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CardinalError, InvalidArgumentError } from '../../../src/errors';
import { note, print } from '../output';
import { packageRoot } from '../package-root';

interface Reporter {
  say(text: string): void;
}

// What scripts/setup/*.mjs export; plain JavaScript, since set-up in a clone runs before anything is built.
interface NativeModule {
  findTfjsNode(folder: string): string | undefined;
  tfjsNodeVersion(folder: string): string | undefined;
  provideNative(
    tfjsNode: string,
    options: { cache: string; reporter: Reporter; force: boolean },
  ): Promise<{ state: 'ready' | 'made' | 'kept' | 'off' | 'missing'; reasons: string[] }>;
}
interface CacheFolderModule {
  usableCacheFolder(env: NodeJS.ProcessEnv, say: (text: string) => void): string;
}
interface ReporterModule {
  makeReporter(): Reporter;
}

const EXAMPLES = `
Examples:
  $ npm install --ignore-scripts @tensorflow/tfjs-node
  $ npx cardinal setup                      heal the tfjs-node of the project in this folder
  $ npx cardinal setup --force              do it again, also where it works
  $ npx cardinal setup --tfjs-node ../other/node_modules/@tensorflow/tfjs-node`;

export function register(program: Command): void {
  program
    .command('setup')
    .description(
      'give an installed @tensorflow/tfjs-node its native library, where its own install step failed: TensorFlow ' +
        'from a Python wheel (pip), and the addon compiled against it (a C++ compiler)',
    )
    .option('--tfjs-node <folder>', 'the tfjs-node to heal (default: the one that this folder resolves to)')
    .option('--force', 'replace an addon that works', false)
    .addHelpText('after', EXAMPLES)
    .action(setup);
}

async function setup(options: { tfjsNode?: string; force: boolean }): Promise<void> {
  const native = await load<NativeModule>('native');
  const { usableCacheFolder } = await load<CacheFolderModule>('cache-folder');
  const { makeReporter } = await load<ReporterModule>('reporter');
  const reporter = makeReporter();
  const tfjsNode = choose(native, options.tfjsNode);
  const { state, reasons } = await native.provideNative(tfjsNode, {
    cache: usableCacheFolder(process.env, reporter.say),
    reporter,
    force: options.force,
  });
  if (state === 'missing') {
    for (const reason of reasons) note(`- ${reason}`);
    throw new CardinalError(
      'the native library cannot be provided for the reasons above; the WASM backend works without it',
    );
  }
  if (state === 'off') {
    throw new CardinalError('TFJS_CARDINAL_NO_NATIVE=1 turns TensorFlow off: unset it to set it up');
  }
  const done = {
    ready: 'nothing to do, it was set up before (--force does it again)',
    made: 'set up',
    kept: 'left alone, its addon from elsewhere loads (--force replaces it)',
  }[state];
  print(`${tfjsNode}: ${done}`);
}

function choose(native: NativeModule, folder: string | undefined): string {
  if (folder !== undefined) {
    if (native.tfjsNodeVersion(folder) !== undefined) return resolve(folder);
    throw new InvalidArgumentError(
      `--tfjs-node: expected a folder that holds @tensorflow/tfjs-node. Received: '${folder}'.`,
    );
  }
  const found = native.findTfjsNode(process.cwd()) ?? native.findTfjsNode(packageRoot());
  if (found !== undefined) return found;
  throw new CardinalError(
    "no @tensorflow/tfjs-node is installed here: run 'npm install --ignore-scripts @tensorflow/tfjs-node' first",
  );
}

function load<T>(name: string): Promise<T> {
  const path = join(packageRoot(), 'scripts', 'setup', `${name}.mjs`);
  return import(pathToFileURL(path).href) as Promise<T>;
}
