import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { journalOf, removeQuietly, temporaryName } from './temporary';
import { writing } from './writing';

/** A folder beside a target in which its files are made, and into which what they replace goes. */
export interface Workspace {
  readonly path: string;
  /** Under the names that the files will have. */
  readonly fresh: string;
  /** Under the names that they had. */
  readonly old: string;
}

/** The two folders of a workspace. */
export function workspaceAt(path: string): Workspace {
  return { path, fresh: join(path, 'new'), old: join(path, 'old') };
}

/**
 * Work in a workspace of its own, which is gone when the work ends.
 *
 * @param named what an error calls the target
 * @throws CardinalError where there can be no workspace, and whatever `work` throws
 */
export async function inWorkspace<T>(
  target: string,
  work: (workspace: Workspace) => Promise<T>,
  named = target,
): Promise<T> {
  const workspace = workspaceAt(temporaryName(target));
  try {
    await writing(named, async () => {
      for (const folder of [workspace.path, workspace.fresh, workspace.old]) await mkdir(folder);
    });
    return await work(workspace);
  } finally {
    // Of what is half done, the journal needs both folders.
    const isDone = await stat(journalOf(target)).then(
      () => false,
      () => true,
    );
    if (isDone) await removeQuietly(workspace.path);
  }
}
