import { join } from 'node:path';

import { buildReport } from '../../scripts/report/build-report';
import { reportFiles, writeReport } from '../../scripts/report/write-report';
import { resolveRun, startRun } from '../../scripts/run-training';
import { madeImages } from '../scripts/cli/train-made-images';

/** Trains two tiny models on made images, two seeds each, and writes a report of them: `FOLDER/report.html`. */
export async function makeReport(folder: string): Promise<string> {
  const images = { train: madeImages(60, 1), test: madeImages(40, 2) };
  for (const model of ['resnet_toy', 'resnext_toy']) {
    for (const seed of [1, 2]) {
      const recipe = { epochs: 1, batchSize: 20, seed };
      const config = await resolveRun({ model, data: { validation: 20 }, recipe });
      await startRun(join(folder, 'runs', `${model}-${seed}`), config, { images });
    }
  }
  const report = await buildReport([join(folder, 'runs')], { budget: 0, loadedImages: images });
  const files = await reportFiles(join(folder, 'report.html'));
  await writeReport(report, files);
  return files.html;
}

if (require.main === module) void makeReport(process.argv[2]);
