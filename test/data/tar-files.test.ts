import { gunzipSync, gzipSync } from 'node:zlib';
import { filesFromTarball } from '../../src/data/tar-files';
import { CardinalError } from '../../src/errors';
import { madeTarball } from './made-data';

async function read(tarball: Buffer, names: string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, bytes } of filesFromTarball(tarball, names))
    found[name] = bytes.toString('latin1');
  return found;
}

const long = 'x'.repeat(200_000);
const tarball = madeTarball({
  'package/a.txt': Buffer.from('alpha'),
  'package/empty.txt': Buffer.alloc(0),
  'package/block.txt': Buffer.from('b'.repeat(512)),
  'package/long.txt': Buffer.from(long),
  'package/z.txt': Buffer.from('omega'),
});

describe('filesFromTarball', () => {
  it('yields the files asked for, whatever their length, in the order of the archive', async () => {
    const names = ['package/z.txt', 'package/long.txt', 'package/empty.txt', 'package/block.txt'];
    const found = await read(tarball, names);
    expect(Object.keys(found)).toEqual([...names].reverse().sort((a, b) => order(a) - order(b)));
    expect(found).toEqual({
      'package/empty.txt': '',
      'package/block.txt': 'b'.repeat(512),
      'package/long.txt': long,
      'package/z.txt': 'omega',
    });
  });

  it('names the files that are not there', async () => {
    await expect(read(tarball, ['package/a.txt', 'package/b.txt', 'c.txt'])).rejects.toThrow(
      new CardinalError('the archive lacks package/b.txt, c.txt'),
    );
  });

  it('does not take a folder or a link for a file', async () => {
    const archive = gunzipSync(madeTarball({ 'package/a.txt': Buffer.alloc(0) }));
    // A symbolic link: type 2, and the checksum's digits with it.
    archive.write('2', 156);
    const sum = archive
      .subarray(0, 512)
      .reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
    archive.write(sum.toString(8).padStart(6, '0'), 148);
    await expect(read(gzipSync(archive), ['package/a.txt'])).rejects.toThrow(
      'the archive lacks package/a.txt',
    );
  });

  it('joins a prefix and a name', async () => {
    const archive = gunzipSync(madeTarball({ 'a.txt': Buffer.from('alpha') }));
    archive.write('deep/folder', 345);
    const sum = archive
      .subarray(0, 512)
      .reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
    archive.write(sum.toString(8).padStart(6, '0'), 148);
    expect(await read(gzipSync(archive), ['deep/folder/a.txt'])).toEqual({ 'deep/folder/a.txt': 'alpha' });
  });

  it.each<[string, () => Buffer, string]>([
    ['is not gzip', () => Buffer.from('no archive'), 'the archive is damaged: incorrect header check'],
    ['ends early', () => tarball.subarray(0, tarball.length - 40), 'the archive is damaged: unexpected end'],
    [
      'has a damaged header',
      () => {
        const archive = gunzipSync(tarball);
        archive[3] ^= 1;
        return gzipSync(archive);
      },
      'the archive is damaged: the checksum of a tar header is wrong',
    ],
    [
      'ends within a file',
      () => gzipSync(gunzipSync(tarball).subarray(0, 5_000)),
      'the archive lacks package/long.txt',
    ],
  ])('refuses an archive that %s', async (_, damaged, message) => {
    await expect(read(damaged(), ['package/long.txt'])).rejects.toThrow(CardinalError);
    await expect(read(damaged(), ['package/long.txt'])).rejects.toThrow(message);
  });
});

function order(name: string): number {
  return ['a', 'empty', 'block', 'long', 'z'].indexOf(name.replace(/package\/|\.txt/g, ''));
}
