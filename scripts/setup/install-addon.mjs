import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { ADDON, ADDONS } from './compile-addon.mjs';
import { SetupProblem } from './problem.mjs';
import { lastLines, runCommand } from './run-command.mjs';
import { makeFolder, removeAbandoned, temporaryName, writeFileWhole } from './temporary.mjs';

const STAMP = 'cardinal.json';

const addonFolder = (tfjsNode) => join(tfjsNode, 'lib', 'napi-v8');
const linksFolder = (tfjsNode) => join(tfjsNode, 'deps', 'lib');

/**
 * Puts the addons and links to the libraries into an installed tfjs-node, each after it has shown in a process of
 * its own that it loads there. Each file arrives by rename.
 *
 * @param addons the folder that holds them
 *
 * @throws SetupProblem when the addon does not load, or the folder cannot be written
 */
export async function installAddon(tfjsNode, addons, library, key, { env, findFailure = loadFailure }) {
  const [lib, links] = [addonFolder(tfjsNode), linksFolder(tfjsNode)];
  makeFolder(lib);
  makeFolder(links);
  removeAbandoned(lib);
  removeAbandoned(links);
  for (const name of readdirSync(join(library, 'lib'))) {
    const temporary = temporaryName(join(links, name));
    symlinkSync(join(library, 'lib', name), temporary);
    renameSync(temporary, join(links, name));
  }
  for (const name of ADDONS) {
    // Copied, not linked: an addon looks for its libraries beside its own real path.
    const temporary = temporaryName(join(lib, name));
    copyFileSync(join(addons, name), temporary);
    const failure = await findFailure(temporary, env);
    if (failure !== undefined) {
      rmSync(temporary, { force: true });
      throw new SetupProblem(`the compiled addon does not load:\n  ${failure}`);
    }
    renameSync(temporary, join(lib, name));
  }
  writeStamp(tfjsNode, { key, addon: 'compiled' });
}

/** Why an addon does not load in a new process, or undefined where it does. */
export async function loadFailure(path, env) {
  const script = `process.dlopen({ exports: {} }, ${JSON.stringify(path)})`;
  const quiet = { ...env, TF_CPP_MIN_LOG_LEVEL: '3' };
  const { code, output } = await runCommand(process.execPath, ['-e', script], { env: quiet });
  if (code === 0) return undefined;
  const error = output.split('\n').find((line) => /Error: /.test(line));
  return error ?? (lastLines(output) || `it ended the process (${code ?? 'by a signal'})`);
}

/**
 * Notes how a tfjs-node came to its addon, so that the next set-up can tell that it is as it was left: `compiled` here, or `own`
 * where tfjs-node's own install had worked, or `missing` with the reasons.
 *
 * Whoever loads the addons holds those that were compiled here against `hashes`, and the libraries, which take a second to read,
 * against `libraries`, their sizes: a file that is cut off would end the process without a word.
 */
export function writeStamp(tfjsNode, stamp) {
  makeFolder(addonFolder(tfjsNode));
  const facts = { files: fileSizes(tfjsNode), ...(stamp.addon === 'compiled' && loadedFiles(tfjsNode)) };
  const text = JSON.stringify({ ...stamp, ...facts }, null, 2);
  writeFileWhole(join(addonFolder(tfjsNode), STAMP), text);
}

/** The stamp of {@link writeStamp}, with `intact`: whether all files are as they were then; undefined without one. */
export function readStamp(tfjsNode) {
  try {
    const stamp = JSON.parse(readFileSync(join(addonFolder(tfjsNode), STAMP), 'utf8'));
    const sizes = JSON.stringify(stamp.files) === JSON.stringify(fileSizes(tfjsNode));
    const { hashes } = stamp.addon === 'compiled' && sizes ? loadedFiles(tfjsNode) : {};
    const intact = sizes && JSON.stringify(stamp.hashes) === JSON.stringify(hashes);
    return { ...stamp, intact };
  } catch {
    return undefined;
  }
}

/** What is loaded into the process: hashes of the addons, sizes of the libraries. */
function loadedFiles(tfjsNode) {
  const hash = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');
  const addons = ADDONS.filter((name) => existsSync(join(addonFolder(tfjsNode), name)));
  const links = linksFolder(tfjsNode);
  return {
    hashes: Object.fromEntries(addons.map((name) => [name, hash(join(addonFolder(tfjsNode), name))])),
    libraries: Object.fromEntries(readdirSync(links).map((name) => [name, statSync(join(links, name)).size])),
  };
}

/** Whether tfjs-node has an addon of whatever origin. */
export function hasAddon(tfjsNode) {
  return existsSync(addonPath(tfjsNode));
}

/** Where tfjs-node looks for its addon. */
export function addonPath(tfjsNode) {
  return join(addonFolder(tfjsNode), ADDON);
}

// Sizes follow links: a cache that was emptied shows up as a missing library.
function fileSizes(tfjsNode) {
  const links = linksFolder(tfjsNode);
  const names = existsSync(links) ? readdirSync(links).sort() : [];
  const addons = ADDONS.map((name) => join(addonFolder(tfjsNode), name));
  const paths = [...addons, ...names.map((name) => join(links, name))];
  return paths.map((path) => {
    if (!existsSync(path)) return isLink(path) ? -1 : 0;
    return statSync(path).size;
  });
}

function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
