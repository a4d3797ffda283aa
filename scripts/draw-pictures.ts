import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  connectivityDiagram,
  convolutionForm,
  modelDiagram,
  resnextBlockDiagram,
  separableForm,
} from '../src/diagrams';
import { writeWhole } from '../src/files/write-whole';
import { packageRoot } from './cli/package-root';
import { weightlessModel } from './weightless-model';

// Writes the pictures of docs/pictures, which follow from the models and from what a convolution is. With --check it writes
// nothing, names what is out of date, and exits with 1.
// Run it from the build: npm run build && node dist/scripts/draw-pictures.js [--check]

/** The pictures as they should be: path within the package, and content. */
export async function drawPictures(): Promise<Map<string, string>> {
  const channels = { inChannels: 8, outChannels: 16 };
  const forms = [1, 2, 8].map((groups) => convolutionForm({ ...channels, groups }));
  const toy = await weightlessModel('resnext_toy');
  const large = await weightlessModel('resnext50_32x4d');
  try {
    return new Map([
      ['docs/pictures/connectivity.svg', connectivityDiagram(...forms, separableForm(channels))],
      ['docs/pictures/resnext-block.svg', resnextBlockDiagram(large, 'layer1.1')],
      ['docs/pictures/resnext-toy.svg', await modelDiagram(toy)],
    ]);
  } finally {
    toy.dispose();
    large.dispose();
  }
}

/** Those of the pictures that are missing or differ from what they should be. */
export async function stalePictures(root: string): Promise<string[]> {
  return [...(await drawPictures())]
    .filter(([path, svg]) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== svg)
    .map(([path]) => path);
}

async function main(args: readonly string[]): Promise<number> {
  const root = packageRoot();
  const stale = await stalePictures(root);
  if (args.includes('--check')) {
    if (stale.length === 0) return 0;
    process.stderr.write(
      `out of date: ${stale.join(', ')}: run 'node dist/scripts/draw-pictures.js' after a build\n`,
    );
    return 1;
  }
  const pictures = await drawPictures();
  for (const path of stale) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeWhole(join(root, path), pictures.get(path) as string);
  }
  process.stdout.write(stale.length === 0 ? 'the pictures are up to date\n' : `wrote ${stale.join(', ')}\n`);
  return 0;
}

if (require.main === module) {
  void main(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}
