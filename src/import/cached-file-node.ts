import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { usableCacheFolder } from '../data/cache-folder';
import { makeFolder } from '../files/make-folder';
import { CardinalError } from '../errors';
import { writeWhole } from '../files/write-whole';
import { download, hashOf, type DownloadOptions } from './download-node';
import { askAbout, UnreachableError, type RemoteFile } from './remote-file-node';

export interface CachedFileOptions extends DownloadOptions {
  /** Where files are kept; `weights` in the cache folder by default. */
  readonly folder?: string;
  /** Whether what is behind the URL never changes, as behind a commit: then a kept file is not asked about. */
  readonly immutable?: boolean;
}

/** What is kept beside a file: what it was when it was fetched. */
interface Receipt {
  readonly version?: string;
  readonly sha256: string;
}

/**
 * The path of a file of which a server has the original. It is fetched if it is not kept yet, the server has another version or what
 * is kept is damaged; where the server cannot be reached, what is kept will do.
 *
 * @throws CardinalError as `download` does
 */
export async function cachedFile(
  url: string,
  { folder = join(usableCacheFolder(), 'weights'), immutable = false, ...options }: CachedFileOptions = {},
): Promise<string> {
  const path = join(folder, fileName(url));
  const kept = await readReceipt(path);
  if (kept !== undefined && immutable) return path;
  const remote = await askAbout(url, options.patience).catch((error: Error): RemoteFile | undefined => {
    if (kept !== undefined && error instanceof UnreachableError) return undefined;
    throw error;
  });
  // Where no version is told, nothing says that what is kept is not the same still.
  if (kept !== undefined && (remote?.version === undefined || remote.version === kept.version)) return path;
  await makeFolder(folder).catch((error: Error) => {
    throw new CardinalError(`${folder} could not be made: ${error.message}`);
  });
  // The receipt of what is replaced must not be taken for that of what replaces it.
  await rm(receiptName(path), { force: true });
  const fresh = remote ?? { url };
  const sha256 = await download(fresh, path, options);
  const receipt: Receipt = { version: fresh.version, sha256 };
  await writeWhole(receiptName(path), JSON.stringify(receipt));
  return path;
}

/** A name that tells a person what it is, and no two URLs have the same. */
function fileName(url: string): string {
  const name = basename(new URL(url).pathname).replace(/[^\w.-]/g, '_') || 'weights';
  return `${createHash('sha256').update(url).digest('hex').slice(0, 16)}-${name.slice(-80)}`;
}

function receiptName(path: string): string {
  return `${path}.json`;
}

/** The receipt of a kept file that is what its receipt says. */
async function readReceipt(path: string): Promise<Receipt | undefined> {
  try {
    const receipt = JSON.parse(await readFile(receiptName(path), 'utf8')) as Receipt;
    return (await hashOf(path)) === receipt.sha256 ? receipt : undefined;
  } catch {
    return undefined; // no file, no receipt or a damaged one: in each case it is fetched again
  }
}
