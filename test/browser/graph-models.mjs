import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Exported GraphModels in a page that has stock TensorFlow.js and nothing of this package: on each backend, what was looked
 * at and whether it holds.
 *
 * @param folder that exists and is empty
 */
export async function checkGraphModels(browser, folder, backends) {
  // Inside the package, so that it finds the packages that the sources would find.
  const outfile = 'node_modules/.cache/cardinal-tests/make-graph-models.js';
  const common = { bundle: true, logLevel: 'error' };
  const entry = (name) => ({ ...common, entryPoints: [`test/browser/${name}.ts`] });
  await build({ ...entry('make-graph-models'), platform: 'node', packages: 'external', outfile });
  execFileSync(process.execPath, [outfile, folder], { stdio: 'inherit' });
  const { outputFiles } = await build({
    ...entry('graph-model-page'),
    platform: 'browser',
    format: 'iife',
    write: false,
  });
  const found = [];
  for (const backend of backends) {
    const page = await browser.newPage();
    await page.setContent('<!doctype html><title>GraphModels</title>');
    await page.addScriptTag({ content: outputFiles[0].text });
    for (const name of readdirSync(folder)) {
      const read = (file) => readFileSync(join(folder, name, file));
      const json = JSON.parse(read('model.json').toString());
      const weights = json.weightsManifest.flatMap(({ paths }) =>
        paths.map((path) => read(path).toString('base64')),
      );
      const sample = { ...JSON.parse(read('sample.json').toString()), json, weights };
      const difference = await page.evaluate(
        ([where, what]) => globalThis.runGraphModel(where, what),
        [backend, sample],
      );
      const what = `${backend} ${name}: relative difference ${difference.toExponential(1)}`;
      found.push({ what, passed: difference <= 1e-4 });
    }
    await page.close();
  }
  return found;
}
