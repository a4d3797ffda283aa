import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { downloadWheel } from './download-wheel.mjs';
import { SetupProblem } from './problem.mjs';
import { makeFolder, moveFolderInPlace, temporaryName, writeFileWhole } from './temporary.mjs';
import { unzip } from './unzip.mjs';

const MANIFEST = 'unpacked.json';

/** Where a wheel's libraries and headers are kept, in `lib` and `include`. */
export function libraryFolder(wheel, cache) {
  return join(cache, `libtensorflow-${wheel.version}-${wheel.platform}`);
}

/** Whether that folder holds the whole of this wheel's libraries; told from sizes, without reading them. */
export function isLibraryWhole(wheel, folder) {
  try {
    const { sha256, sizes } = JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8'));
    return (
      sha256 === wheel.sha256 &&
      Object.entries(sizes).every(([name, size]) => statSync(join(folder, name)).size === size)
    );
  } catch {
    return false;
  }
}

/**
 * Provides libtensorflow in the cache folder: downloads the wheel, checks its hash, and unpacks the two libraries
 * and the few headers that tfjs-node's binding includes. Returns the folder.
 *
 * @throws SetupProblem as {@link downloadWheel} does, and when the wheel cannot be unpacked
 */
export async function provideLibrary(wheel, cache, { env, reporter }) {
  const folder = libraryFolder(wheel, cache);
  if (isLibraryWhole(wheel, folder)) return folder;
  const archive = await downloadWheel(wheel, cache, { env, reporter });
  const temporary = temporaryName(folder);
  makeFolder(temporary);
  const members = membersOf(wheel);
  let progress;
  try {
    await unzip(archive, members, temporary, (done, total) => {
      progress ??= reporter.progress('unpacking TensorFlow', total);
      progress.update(done);
      if (done === total) progress.stop(total);
    });
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw new SetupProblem(`${archive} cannot be unpacked: ${error.message}`);
  }
  const sizes = Object.values(members).map((name) => [name, statSync(join(temporary, name)).size]);
  const manifest = { sha256: wheel.sha256, sizes: Object.fromEntries(sizes) };
  writeFileWhole(join(temporary, MANIFEST), JSON.stringify(manifest, null, 2));
  moveFolderInPlace(temporary, folder, (path) => isLibraryWhole(wheel, path));
  rmSync(archive, { force: true });
  return folder;
}

function membersOf(wheel) {
  const flat = (name) => name.slice(name.lastIndexOf('/') + 1);
  return Object.fromEntries([
    ...wheel.libraries.map((name) => [name, `lib/${flat(name)}`]),
    ...wheel.headers.map((name) => [name, name.replace(/^tensorflow\//, '')]),
    ...wheel.notices.map((name) => [name, flat(name)]),
  ]);
}
