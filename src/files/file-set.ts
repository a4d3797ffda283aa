import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { CardinalError } from '../errors';
import {
  CHECKSUMS,
  checksumsText,
  readChecksums,
  sha256Of,
  verifyChecksum,
  type Checksums,
} from './checksums';
import { checkLock } from './folder-lock';
import { replaceAll, settle } from './replace';
import { journalOf } from './temporary';
import { inWorkspace, type Workspace } from './workspace';
import { writePieces, type FileContent } from './write-whole';

/** How often a reader begins again because the files changed while it read. */
const ATTEMPTS = 3;

/** Changes of files that belong together. */
export interface SetChange {
  readonly write: ReadonlyMap<string, FileContent>;
  readonly remove?: readonly string[];
}

/**
 * Files of one folder that belong together, with the list of their checksums: each change of several of them is made as a
 * whole or not at all, also where the process is killed meanwhile, and what is read is what was written.
 *
 * A folder without a list is one from before there were any: its files are read unchecked, and the first change lists them all.
 */
export class FileSet {
  private readonly list: string;

  /**
   * @param folder which is there, as long as something is written
   * @param known names of all that the set can have
   */
  constructor(
    private readonly folder: string,
    private readonly known: readonly string[],
  ) {
    this.list = join(folder, CHECKSUMS);
  }

  /**
   * Writes and removes files.
   *
   * @throws Error with the system's `code`; then all is as it was
   * @throws CardinalError while another process holds the folder's lock
   */
  async change({ write, remove = [] }: SetChange): Promise<void> {
    await checkLock(this.folder);
    await settle(this.list);
    const work = async (workspace: Workspace): Promise<void> => {
      const sums = new Map<string, string>();
      // Of a list that is damaged nothing is taken over: what it told of stays refused, and what is written now does not.
      const known = await this.sums().catch((): Checksums => new Map());
      for (const name of this.known) {
        if (write.has(name) || remove.includes(name) || !(await isThere(join(this.folder, name)))) continue;
        const sum = known === undefined ? await sha256Of(join(this.folder, name)) : known.get(name);
        if (sum !== undefined) sums.set(name, sum);
      }
      for (const [name, content] of write) {
        sums.set(name, (await writePieces(join(workspace.fresh, name), content)).sha256);
      }
      await writePieces(join(workspace.fresh, CHECKSUMS), checksumsText(sums));
      await checkLock(this.folder);
      const names = [...write.keys(), CHECKSUMS];
      await replaceAll(this.list, workspace, { names, removed: remove, overwrite: true });
    };
    await inWorkspace(this.list, work, this.folder);
  }

  /** The names of the set that are there; none where the folder cannot be read. */
  async names(): Promise<string[]> {
    const present = async (): Promise<string[]> => readdir(this.folder).catch(() => []);
    const isHalf = (await present()).includes(basename(journalOf(this.list)));
    if (isHalf) await settle(this.list, { reading: true });
    return (await present()).filter((name) => this.known.includes(name));
  }

  /**
   * What `read` makes of a file, once it is sure that the file is the one that was written.
   *
   * @throws whatever `read` throws
   * @throws CardinalError naming a file that is not what the list tells
   */
  async read<T>(name: string, read: (path: string) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      await settle(this.list, { reading: true });
      const before = await this.text();
      try {
        const value = await read(join(this.folder, name));
        const sums = await this.sums();
        if (sums !== undefined) await verifyChecksum(this.list, sums, name);
        return value;
      } catch (error) {
        await settle(this.list, { reading: true });
        if (attempt === ATTEMPTS || (await this.text()) === before) throw error;
      }
    }
  }

  /** The list, which can tell of no other files than the set has. */
  private async sums(): Promise<Checksums | undefined> {
    const sums = await readChecksums(this.list);
    const other = [...(sums?.keys() ?? [])].find((name) => !this.known.includes(name));
    if (other === undefined) return sums;
    throw new CardinalError(
      `${this.list} is damaged: it tells of ${other}, which is none of ${this.known.join(', ')}. ` +
        `If the files beside it are as they should be, delete ${basename(this.list)}`,
    );
  }

  private async text(): Promise<string | undefined> {
    return readFile(this.list, 'utf8').catch(() => undefined);
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}
