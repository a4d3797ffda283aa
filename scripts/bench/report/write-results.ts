import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../../../src/files/write-whole';
import { packageRoot } from '../../cli/package-root';
import { renderSvgs } from '../../plots/render-svg';
import { runNode } from '../../plots/run-node';
import type { Plan } from '../plan';
import type { Result } from '../results';
import { markdownOf } from './markdown';
import { plotsOf } from './plots';

/**
 * Writes a result as `<case>.json`, `<case>.md` and plots into a folder, each file whole or not at all.
 *
 * @returns the files' paths
 */
export async function writeResult(folder: string, result: Result, charts: Plan['charts']): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const plots = plotsOf(result, charts);
  const texts = new Map([
    [`${result.case}.json`, await pretty(`${result.case}.json`, JSON.stringify(result))],
    [`${result.case}.md`, await pretty(`${result.case}.md`, markdownOf(result, [...plots.keys()]))],
  ]);
  const svgs = await renderSvgs([...plots.values()]);
  [...plots.keys()].forEach((file, plot) => texts.set(file, svgs[plot]));
  const paths: string[] = [];
  for (const [file, text] of texts) {
    await writeWhole(join(folder, file), text);
    paths.push(join(folder, file));
  }
  return paths;
}

/** As the repository's own check of its files' form wants it. */
function pretty(file: string, text: string): Promise<string> {
  const prettier = require.resolve('prettier/bin/prettier.cjs');
  return runNode([prettier, '--stdin-filepath', join(packageRoot(), file)], text);
}
