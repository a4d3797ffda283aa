import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../src/data/cache-folder';
import { CardinalError } from '../../src/errors';
import { packageRoot } from '../cli/package-root';

const REQUIREMENTS = join('scripts', 'bench', 'peers', 'requirements.txt');
/** What the pinned wheels exist for. */
const PYTHONS = ['python3.11', 'python3.12', 'python3.13', 'python3'];

/**
 * A Python interpreter that has the peers, at exactly the pinned versions; they are installed on first use into a
 * virtual environment in the cache folder, which other pins do not share.
 *
 * @param onLine told what pip says meanwhile
 * @throws CardinalError without a Python of 3.11 to 3.13, or where pip fails; nothing is left behind then
 */
export async function pythonWithPeers(onLine: (line: string) => void = () => {}): Promise<string> {
  const requirements = join(packageRoot(), REQUIREMENTS);
  const mark = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12);
  const folder = join(cacheFolder(), `peers-${mark}`);
  const interpreter = (place: string) =>
    process.platform === 'win32' ? join(place, 'Scripts', 'python.exe') : join(place, 'bin', 'python');
  if (existsSync(interpreter(folder))) return interpreter(folder);
  const python = await suitablePython();
  await mkdir(cacheFolder(), { recursive: true });
  const temporary = `${folder}.${process.pid}`;
  try {
    await run(python, ['-m', 'venv', temporary], onLine);
    const pip = ['-m', 'pip', 'install', '--require-hashes', '--only-binary=:all:', '--progress-bar=off'];
    await run(interpreter(temporary), [...pip, '-r', requirements], onLine);
    // Only its scripts know where an environment was made, and none of them is used.
    await rename(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return interpreter(folder);
}

async function suitablePython(): Promise<string> {
  const test = 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))';
  for (const python of PYTHONS) {
    const suits = await run(python, ['-c', test]).then(
      () => true,
      () => false,
    );
    if (suits) return python;
  }
  throw new CardinalError('--peers needs Python 3.11, 3.12 or 3.13 with venv on the PATH');
}

async function run(
  program: string,
  args: readonly string[],
  onLine: (line: string) => void = () => {},
): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let last = '';
  const listen = (data: Buffer): void => {
    for (const line of data
      .toString()
      .split('\n')
      .filter((text) => text.trim() !== '')) {
      last = line.trim();
      onLine(last);
    }
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new CardinalError(`${program} ${args.slice(0, 3).join(' ')} failed: ${last}`);
}
