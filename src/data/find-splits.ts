import { join } from 'node:path';

import { check, invalidArgument } from '../errors';
import { isImage } from './find-images';
import { readFolder } from './read-folder';

/** The folders of class folders that a data set consists of. */
export interface SplitFolders {
  readonly train: string;
  readonly validation?: string;
  readonly test?: string;
  /** Paths of folders beside those that are none of them. */
  readonly others: readonly string[];
}

type SplitName = 'train' | 'validation' | 'test';

/** In any case. */
const SPLIT_NAMES: ReadonlyMap<string, SplitName> = new Map([
  ['train', 'train'],
  ['training', 'train'],
  ['val', 'validation'],
  ['valid', 'validation'],
  ['validation', 'validation'],
  ['test', 'test'],
  ['testing', 'test'],
]);

/** A folder whose name is that of a split. */
interface NamedFolder {
  readonly name: string;
  readonly split: SplitName;
  readonly hasFolders: boolean;
  readonly hasImages: boolean;
}

/**
 * Whether the classes lie in a folder itself, or in folders `train`, `val` and `test` of it.
 *
 * A folder called `train` is the training split if it holds folders, and no images of its own unless `val` or `test`
 * beside it hold folders too. Otherwise it is a class like any: trains among buses and ships.
 *
 * @throws InvalidArgumentError for two folders of one split, or where there are splits and no classes
 */
export async function findSplits(root: string): Promise<SplitFolders> {
  const { folders } = await readFolder(root);
  const named = await readNamed(root, folders);
  const divided = named.filter(({ hasFolders }) => hasFolders);
  const isTested = divided.some(({ split }) => split !== 'train');
  const training = divided.filter(({ split, hasImages }) => split === 'train' && (!hasImages || isTested));
  if (training.length === 0) {
    const onlySplits = named.length > 0 && named.length === folders.length;
    const expected = 'folders of images, one for each class, or a folder train that holds those';
    if (onlySplits) throw invalidArgument('folder', expected, `only ${folders.join(', ')} in ${root}`);
    return { train: root, others: [] };
  }
  const path = (split: SplitName): string | undefined => {
    const names = divided.filter((each) => each.split === split).map(({ name }) => name);
    check(names.length <= 1, 'folder', `one folder of ${split} images in ${root}`, names.join(', '));
    return names.length === 0 ? undefined : join(root, names[0]);
  };
  const train = path('train') ?? root;
  const splits = { validation: path('validation'), test: path('test') };
  const used = divided.map(({ name }) => name);
  const others = folders.filter((name) => !used.includes(name)).map((name) => join(root, name));
  return { train, ...splits, others };
}

async function readNamed(root: string, folders: readonly string[]): Promise<NamedFolder[]> {
  const named: NamedFolder[] = [];
  for (const name of folders) {
    const split = SPLIT_NAMES.get(name.toLowerCase());
    if (split === undefined) continue;
    const inside = await readFolder(join(root, name));
    const [hasFolders, hasImages] = [inside.folders.length > 0, inside.files.some(isImage)];
    named.push({ name, split, hasFolders, hasImages });
  }
  return named;
}
