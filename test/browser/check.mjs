// Runs the library in Chromium on webgl, webgpu and cpu, loads exported GraphModels in stock TensorFlow.js there, and opens a
// report and the pictures of docs: `npm run test:browser`, with CHROMIUM naming another browser than /usr/bin/chromium. It is
// apart from `npm test` because it needs a browser that npm cannot install. `--geometries N` has the first N random ones
// computed on webgl and webgpu, and nothing else looked at.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { checkBackends } from './backends.mjs';
import { checkDiagrams } from './diagram-page.mjs';
import { checkGraphModels } from './graph-models.mjs';
import { checkReportPage, LAUNCH } from './report-page.mjs';

/** Random geometries on a backend that compiles a program for each shape, about a second each. */
const SHARE = 40;

const { values } = parseArgs({ options: { geometries: { type: 'string' } } });
if (!existsSync(LAUNCH.executablePath)) {
  console.error(
    `error: there is no browser at ${LAUNCH.executablePath}: install Chromium, or name one in CHROMIUM`,
  );
  process.exit(1);
}
const browser = await chromium.launch({
  ...LAUNCH,
  args: [
    ...LAUNCH.args,
    '--use-gl=angle',
    '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader',
    // Chromium has no adapter without a GPU but SwiftShader's, and that one only so.
    '--enable-unsafe-webgpu',
  ],
});
let [passed, failed] = [0, 0];
const tell = (finding, kind = '') => {
  if (finding.passed) passed++;
  else failed++;
  console.log(`${finding.passed ? 'ok  ' : 'FAIL'} ${kind}${finding.what}`);
};
try {
  if (values.geometries === undefined) {
    await checkBackends(
      browser,
      ['webgl', 'webgpu', 'cpu'],
      (backend) => (backend === 'cpu' ? 0 : SHARE),
      tell,
    );
    for (const finding of await checkGraphModels(browser, temporaryFolder(), ['webgl', 'cpu']))
      tell(finding, 'graph model: ');
    for (const finding of await checkReportPage(browser, await makeReport())) tell(finding, 'report: ');
    const pictures = readdirSync('docs/pictures').filter((name) => name.endsWith('.svg'));
    const files = pictures.map((name) => join('docs/pictures', name));
    for (const finding of await checkDiagrams(browser, files)) tell(finding, 'diagram: ');
  } else {
    await checkBackends(browser, ['webgl', 'webgpu'], () => Number(values.geometries), tell);
  }
} finally {
  await browser.close();
}
console.log(`in the browser: ${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/** A folder that goes when this process ends. */
function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'cardinal-browser-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A report of tiny runs. */
async function makeReport() {
  const folder = temporaryFolder();
  // Inside the package, so that it finds the packages that the sources would find.
  const outfile = 'node_modules/.cache/cardinal-tests/make-report.js';
  await build({
    entryPoints: ['test/browser/make-report.ts'],
    bundle: true,
    platform: 'node',
    packages: 'external',
    outfile,
  });
  execFileSync(process.execPath, [outfile, folder], { stdio: 'inherit' });
  return join(folder, 'report.html');
}
