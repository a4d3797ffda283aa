import { basename, join } from 'node:path';

import { checksumsBeside, checksumsText } from './checksums';
import { followLinks } from './follow-links';
import { replaceAll, settle } from './replace';
import { inWorkspace } from './workspace';
import { writePieces, type FileContent } from './write-whole';

/**
 * Writes a file with the list of its checksum beside it, both or none, in place of those that are there. A link is followed.
 *
 * @throws Error with the system's `code`; then all is as it was
 */
export async function writeListed(path: string, content: FileContent): Promise<void> {
  const target = await followLinks(path);
  await settle(target);
  await inWorkspace(target, async (workspace) => {
    const name = basename(target);
    const { sha256 } = await writePieces(join(workspace.fresh, name), content);
    const list = checksumsBeside(name);
    await writePieces(join(workspace.fresh, list), checksumsText(new Map([[name, sha256]])));
    await replaceAll(target, workspace, { names: [name, list], overwrite: true });
  });
}
