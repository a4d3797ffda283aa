import { build } from 'esbuild';
import { gzipSync } from 'node:zlib';

// The library and the zoo run in browsers: nothing of Node may come in, and not much of anything.
it.each([
  ['src/index.ts', 56, []],
  ['models/index.ts', 44, []],
  // Graphviz is loaded when the first diagram of a model wants it.
  ['src/diagrams/index.ts', 20, ['@viz-js/viz']],
])('%s bundles for a browser, in less than %i kB gzipped', async (entry, kilobytes, others: string[]) => {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    external: ['@tensorflow/tfjs', ...others],
    write: false,
    metafile: true,
  });
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  expect(new Set(imported)).toEqual(new Set(['@tensorflow/tfjs', ...others]));
  expect(gzipSync(outputFiles[0].contents).length).toBeLessThan(kilobytes * 1000);
});
