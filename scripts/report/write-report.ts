import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { makeFolder } from '../../src/files/make-folder';
import { CardinalError, check } from '../../src/errors';
import { writeWhole } from '../../src/files/write-whole';
import { reportPage } from './page/page';
import type { Report } from './report';
import { reportCsv } from './report-csv';

/** Where a report goes: the page, and the same numbers beside it. */
export interface ReportFiles {
  readonly html: string;
  readonly json: string;
  readonly csv: string;
}

/**
 * The files of a report, once it is sure that they may be written; asked before the long work.
 *
 * @param to such as `report.html`
 * @throws InvalidArgumentError where `to` does not end in `.html`
 * @throws CardinalError where one of them is there and `overwrite` is not set
 */
export async function reportFiles(to: string, { overwrite = false } = {}): Promise<ReportFiles> {
  check(/[^/\\]\.html$/i.test(to), '--to', 'a file that ends in .html, such as report.html', to);
  const stem = to.slice(0, -'.html'.length);
  const files = { html: to, json: `${stem}.json`, csv: `${stem}.csv` };
  for (const file of Object.values(files)) {
    const found = await stat(file).catch(() => undefined);
    if (found === undefined) continue;
    if (found.isDirectory()) throw new CardinalError(`${file} is a folder: choose another name with --to`);
    if (!overwrite) {
      throw new CardinalError(`${file} is there already: --overwrite replaces it, --to chooses another`);
    }
  }
  return files;
}

/**
 * Writes a report as a page, as JSON and as CSV, each file whole or not at all.
 *
 * @throws CardinalError where a file cannot be written
 *
 * @example
 * await writeReport(await buildReport(['runs/quickstart']), await reportFiles('report.html'));
 */
export async function writeReport(report: Report, files: ReportFiles): Promise<void> {
  const texts: readonly [file: string, text: string][] = [
    [files.html, await reportPage(report)],
    [files.json, `${JSON.stringify(report, null, 2)}\n`],
    [files.csv, reportCsv(report)],
  ];
  for (const [file, text] of texts) {
    try {
      await makeFolder(dirname(resolve(file)));
      await writeWhole(file, text);
    } catch (error) {
      throw new CardinalError(`${file} could not be written: ${(error as Error).message}`);
    }
  }
}
