// Runs the library in Chromium on webgl and cpu, loads exported GraphModels in stock TensorFlow.js there, and opens a report
// and the pictures of docs: `npm run test:browser`, with CHROMIUM naming another browser than /usr/bin/chromium. It is apart from `npm test` because it needs a browser that npm cannot install.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { checkDiagrams } from './diagram-page.mjs';
import { checkGraphModels } from './graph-models.mjs';
import { checkReportPage } from './report-page.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(executablePath)) {
  console.error(`error: there is no browser at ${executablePath}: install Chromium, or name one in CHROMIUM`);
  process.exit(1);
}
const { outputFiles } = await build({
  entryPoints: ['test/browser/page.ts'],
  bundle: true,
  platform: 'browser',
  format: 'iife',
  write: false,
});
const browser = await chromium.launch({
  executablePath,
  args: [
    '--no-sandbox',
    '--disable-background-networking',
    '--use-gl=angle',
    '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader',
  ],
});
let failed = 0;
try {
  for (const backend of ['webgl', 'cpu']) {
    const page = await browser.newPage();
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.setContent('<!doctype html><title>tfjs-cardinal</title>');
    await page.addScriptTag({ content: outputFiles[0].text });
    const { errors, losses } = await page.evaluate((name) => globalThis.runOnBackend(name), backend);
    for (const [implementation, error] of Object.entries(errors)) {
      const passed = error <= 1e-4;
      if (!passed) failed++;
      console.log(
        `${passed ? 'ok  ' : 'FAIL'} ${backend} ${implementation}: relative error ${error.toExponential(1)}`,
      );
    }
    const learned = losses.at(-1) < losses[0] && complaints.length === 0;
    if (!learned) failed++;
    console.log(
      `${learned ? 'ok  ' : 'FAIL'} ${backend} model.fit: loss ${losses[0].toFixed(3)} to ${losses.at(-1).toFixed(3)}`,
    );
    for (const complaint of complaints) console.log(`     ${complaint}`);
    await page.close();
  }
  const tell = (kind, found) => {
    for (const { what, passed } of found) {
      if (!passed) failed++;
      console.log(`${passed ? 'ok  ' : 'FAIL'} ${kind}: ${what}`);
    }
  };
  tell('graph model', await checkGraphModels(browser, temporaryFolder(), ['webgl', 'cpu']));
  tell('report', await checkReportPage(browser, await makeReport()));
  const pictures = readdirSync('docs/pictures').filter((name) => name.endsWith('.svg'));
  tell(
    'diagram',
    await checkDiagrams(
      browser,
      pictures.map((name) => join('docs/pictures', name)),
    ),
  );
} finally {
  await browser.close();
}
process.exitCode = failed > 0 ? 1 : 0;

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
