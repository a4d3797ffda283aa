import { realpath } from 'node:fs/promises';
import { extname, join } from 'node:path';

import { CardinalError } from '../errors';
import { readFolder } from './read-folder';

const READ: ReadonlySet<string> = new Set(['.png', '.jpg', '.jpeg']);
/** Images that are not read: to pass them over would train on a part of what a person has, without a word. */
const NOT_READ: ReadonlySet<string> = new Set(
  (
    '.apng .avif .bmp .cr2 .cr3 .dib .dng .gif .heic .heif .ico .jfif .jp2 .jpe .jxl .nef .pbm .pgm .ppm .psd .svg ' +
    '.tga .tif .tiff .webp'
  ).split(' '),
);

/** The images below a folder, and what else is there. */
export interface FoundImages {
  /** Paths, sorted. */
  readonly images: readonly string[];
  /** Paths of the files that are no images. */
  readonly others: readonly string[];
}

/** Whether a file is an image that can be read, by its name. */
export function isImage(name: string): boolean {
  return READ.has(extname(name).toLowerCase());
}

/**
 * The PNG and JPEG images in a folder and in the folders within it, links followed, hidden ones passed over.
 *
 * @throws CardinalError naming an image of another format, a folder with the name of an image, or what cannot be read
 */
export async function findImages(path: string): Promise<FoundImages> {
  const images: string[] = [];
  const others: string[] = [];
  const visit = async (folder: string, parents: readonly string[]): Promise<void> => {
    const real = await realpath(folder);
    // A link to a folder that it lies in: without end.
    if (parents.includes(real)) return;
    const { folders, files } = await readFolder(folder);
    for (const name of files) {
      const file = join(folder, name);
      if (NOT_READ.has(extname(name).toLowerCase())) {
        throw new CardinalError(
          `${file} is no .png, .jpg or .jpeg image: convert it, or take it out of its class's folder`,
        );
      }
      (isImage(name) ? images : others).push(file);
    }
    for (const name of folders) {
      const inner = join(folder, name);
      if (isImage(name)) throw new CardinalError(`${inner} is no image but a folder: give it another name`);
      await visit(inner, [...parents, real]);
    }
  };
  await visit(path, []);
  return { images, others };
}
