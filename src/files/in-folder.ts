import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';

/**
 * Where a file is that a model names, a stranger's text: in the folder or one in that, also after links are followed;
 * `undefined` for any other place. A link may lead to where the model's own leads: the cache of the Hugging Face hub has both as
 * links into one folder.
 *
 * @param model the path of the file that names it
 * @param folder what the name begins in
 */
export async function inFolder(model: string, folder: string, name: string): Promise<string | undefined> {
  if (name === '' || isAbsolute(name) || /[\\:\0]/.test(name)) return undefined;
  // Of a name with a way up, another place may come once links are followed.
  if (name.split('/').includes('..')) return undefined;
  const path = join(folder, name);
  if (leaves(folder, path)) return undefined;
  const real = await realpath(path).catch(() => undefined);
  // What is not there is for whoever opens it to say.
  if (real === undefined) return path;
  const folders = await Promise.all([realpath(folder), realpath(model).then(dirname)]);
  return folders.every((own) => leaves(own, real)) ? undefined : path;
}

function leaves(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
}
