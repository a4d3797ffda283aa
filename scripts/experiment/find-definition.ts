import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { CardinalError, invalidArgument, InvalidArgumentError, nearest } from '../../src/errors';
import { readRegularFile } from '../../src/files/regular-file';
import { packageRoot } from '../cli/package-root';
import type { ExperimentDefinition } from './definition';
import { MOST_BYTES, parseDefinition } from './parse-definition';

const SHIPPED_FOLDER = ['scripts', 'experiments'];
const EXTENSION = '.yaml';

/** The names of the experiments that come with the package. */
export async function shippedExperiments(): Promise<string[]> {
  const files = await readdir(join(packageRoot(), ...SHIPPED_FOLDER));
  return files
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => basename(file, EXTENSION))
    .sort();
}

/**
 * Reads an experiment from a file, or one that comes with the package by its name.
 *
 * @throws InvalidArgumentError if it is neither, or cannot be read, or is wrong
 *
 * @example
 * const { title } = await readDefinition('cardinality');
 */
export async function readDefinition(fileOrName: string): Promise<ExperimentDefinition> {
  const shipped = await shippedExperiments();
  const file = shipped.includes(fileOrName)
    ? join(packageRoot(), ...SHIPPED_FOLDER, `${fileOrName}${EXTENSION}`)
    : fileOrName;
  const bytes = await readRegularFile(file, { mostBytes: MOST_BYTES }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error instanceof CardinalError) throw new InvalidArgumentError(`file: ${error.message}.`);
      const near = nearest(fileOrName, shipped);
      const hint = near === undefined ? '' : ` (did you mean '${near}'?)`;
      const what = `a YAML or JSON file that can be read, or one of ${shipped.join(', ')}${hint}`;
      throw invalidArgument('file', what, `${fileOrName} (${error.code})`);
    },
  );
  return parseDefinition(bytes.toString('utf8'), basename(file));
}
