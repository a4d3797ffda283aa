import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { SetupProblem } from './problem.mjs';
import { runCommand } from './run-command.mjs';
import { writeFileWhole } from './temporary.mjs';

const FOLDERS = ['src', 'models', 'scripts'];
const SETTINGS = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
const STAMP = join('dist', '.cardinal-build');
const COMMAND_LINE = join('dist', 'scripts', 'cli', 'index.js');

/** Whether `dist` was built from the sources as they are now; told from a hash of their contents. */
export function isBuilt(root) {
  try {
    return (
      readFileSync(join(root, STAMP), 'utf8') === hashSources(root) && existsSync(join(root, COMMAND_LINE))
    );
  } catch {
    return false;
  }
}

/**
 * Compiles the sources to `dist`, and removes what sources that are gone had left there.
 *
 * @throws SetupProblem when the compiler reports errors, which are shown
 */
export async function build(root, { env, reporter }) {
  reporter.say('building (tsc)');
  const hash = hashSources(root);
  rmSync(join(root, STAMP), { force: true });
  removeUnbuilt(root);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', join(root, 'tsconfig.build.json')];
  const { code } = await runCommand(process.execPath, args, { cwd: root, env, inherit: true });
  if (code !== 0)
    throw new SetupProblem(`the build failed (exit code ${code}); tsc's own messages are above`);
  chmodSync(join(root, COMMAND_LINE), 0o755);
  writeFileWhole(join(root, STAMP), hash);
}

function hashSources(root) {
  const hash = createHash('sha256');
  for (const path of [...SETTINGS, ...sourcesOf(root)]) {
    const content = readFileSync(join(root, path));
    hash.update(`${path} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

function sourcesOf(root) {
  return FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    filesIn(join(root, folder))
      .filter((path) => path.endsWith('.ts') || path.endsWith('.json'))
      .map((path) => relative(root, path))
      .sort(),
  );
}

// Outputs without a source go; and when any output is missing, so does tsc's record, or tsc would not make it again.
function removeUnbuilt(root) {
  const dist = join(root, 'dist');
  if (!existsSync(dist)) return;
  const expected = new Set(
    sourcesOf(root)
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) => ['.js', '.js.map', '.d.ts'].map((end) => path.replace(/\.ts$/, end))),
  );
  const present = new Set(filesIn(dist).map((path) => relative(dist, path)));
  for (const path of present) {
    if (/\.(js|js\.map|d\.ts)$/.test(path) && !expected.has(path)) rmSync(join(dist, path));
  }
  const built = [...expected].filter((path) => path.endsWith('.js'));
  if (built.some((path) => !present.has(path))) rmSync(join(dist, '.tsbuildinfo'), { force: true });
}

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
