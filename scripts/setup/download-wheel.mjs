import { clearInterval, setInterval } from 'node:timers';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { SetupProblem } from './problem.mjs';
import { findProgram, lastLines, runCommand } from './run-command.mjs';
import { makeFolder, temporaryName } from './temporary.mjs';

const POLL_MS = 250;
// pip itself waits 15 s for the next bytes, five times over, but for as many bytes as there are, and as long as one comes.
const PATIENCE_MS = 120_000;
const LEAST_BYTES = 120 * 1024;
// The wheel twice, where pip copies it to its place, and its lists of what there is.
const mostBytes = (wheel) => 2 * wheel.bytes + 100_000_000;
const PIPS = [['python3', '-m', 'pip'], ['pip3'], ['pip'], ['python', '-m', 'pip']];

/**
 * Brings the wheel into the cache folder and returns its path; its hash has been checked by then. A wheel that lies
 * there already (from a set-up that was killed, or put there by hand on a machine without network) is used.
 *
 * @throws SetupProblem when there is no pip, the download fails, or the hash is another
 */
export async function downloadWheel(wheel, cache, { env, reporter, patience = PATIENCE_MS }) {
  const path = join(cache, wheel.fileName);
  if (existsSync(path)) {
    const found = await sha256(path);
    if (found === wheel.sha256) return path;
    rmSync(path, { force: true });
    reporter.say(`${hashMessage(path, wheel, found)}. It was removed and is downloaded again.`);
  }
  const pip = await findPip(env);
  if (pip === undefined) throw new SetupProblem(NO_PIP);
  const folder = temporaryName(path);
  makeFolder(folder);
  try {
    await runPip(pip, wheel, folder, { env, reporter, patience });
    const downloaded = join(folder, wheel.fileName);
    if (!existsSync(downloaded)) throw new SetupProblem(`pip did not download ${wheel.fileName}`);
    const found = await sha256(downloaded);
    if (found !== wheel.sha256) {
      throw new SetupProblem(
        `${hashMessage(wheel.fileName, wheel, found)}. The file was removed; find out where pip downloads from before you try again`,
      );
    }
    renameSync(downloaded, path);
    return path;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is said where no pip is found. */
export const NO_PIP = `no pip (tried ${PIPS.map((words) => words.join(' ')).join(', ')}): install Python 3 with pip, on Debian or Ubuntu 'apt install python3-pip'`;

/** The words that start pip here, or undefined where none of the usual ones works. */
export async function findPip(env) {
  for (const [name, ...args] of PIPS) {
    const program = findProgram(name, env);
    if (program === undefined) continue;
    const { code } = await runCommand(program, [...args, '--version'], { env });
    if (code === 0) return [program, ...args];
  }
  return undefined;
}

async function runPip([program, ...args], wheel, folder, { env, reporter, patience }) {
  const command = [
    ...args,
    'download',
    `${wheel.package}==${wheel.version}`,
    '--no-deps',
    '--only-binary=:all:',
    ...['--python-version', wheel.pythonVersion],
    ...['--implementation', 'cp'],
    ...['--abi', wheel.abi],
    ...['--platform', wheel.platformTag],
    ...['--dest', folder],
    // Unpacked it is kept by us; pip need not keep a copy of its own.
    '--no-cache-dir',
    '--disable-pip-version-check',
    '--progress-bar=off',
    '--quiet',
  ];
  const progress = reporter.progress(`downloading TensorFlow ${wheel.version}`, wheel.bytes);
  // pip's own bar is not shown off a terminal, so the file is watched as it grows; pip makes it in TMPDIR.
  const stop = new globalThis.AbortController();
  let [before, since] = [0, performance.now()];
  const poll = setInterval(() => {
    const bytes = folderBytes(folder);
    progress.update(bytes);
    if (Math.abs(bytes - before) >= LEAST_BYTES) [before, since] = [bytes, performance.now()];
    if (bytes > mostBytes(wheel)) stop.abort(`it brought ${bytes} bytes, where the wheel has ${wheel.bytes}`);
    if (performance.now() - since > patience) stop.abort(`next to nothing came in ${patience / 1000} s`);
  }, POLL_MS);
  const pipEnv = { ...env, TMPDIR: folder, TEMP: folder, TMP: folder, PIP_REQUIRE_VIRTUALENV: '0' };
  const { code, output } = await runCommand(program, command, { env: pipEnv, signal: stop.signal });
  clearInterval(poll);
  progress.stop(code === 0 ? wheel.bytes : undefined);
  if (stop.signal.aborted) {
    throw new SetupProblem(
      `the download of ${wheel.package} ${wheel.version} by pip was stopped: ${stop.signal.reason}; check the network and pip's settings`,
    );
  }
  if (code !== 0) {
    throw new SetupProblem(
      `the download of ${wheel.package} ${wheel.version} by pip failed; check the network and pip's settings. pip said:\n  ${lastLines(output)}`,
    );
  }
}

function hashMessage(path, wheel, found) {
  return `${path} has sha256 ${found}, but ${wheel.sha256} was expected`;
}

function sha256(path) {
  return new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    createReadStream(path, { highWaterMark: 1 << 20 })
      .on('data', (chunk) => hash.update(chunk))
      .on('error', reject)
      .on('end', () => resolve(hash.digest('hex')));
  });
}

function folderBytes(folder) {
  try {
    return readdirSync(folder, { recursive: true })
      .map((name) => statSync(join(folder, name)))
      .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
  } catch {
    return 0; // pip removes folders as it goes
  }
}
