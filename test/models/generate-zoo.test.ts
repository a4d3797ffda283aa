import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../scripts/cli/package-root';
import { generateZoo, staleZooFiles } from '../../scripts/generate-zoo';

test('what follows from the family files is up to date', async () => {
  expect(await staleZooFiles(packageRoot())).toEqual([]);
});

describe('in a copy', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'zoo-'));
    cpSync(join(packageRoot(), 'models'), join(root, 'models'), { recursive: true });
    cpSync(join(packageRoot(), 'docs'), join(root, 'docs'), { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('a changed count, a lost family and an old table in the README are seen', async () => {
    const edit = (file: string, from: string, to: string) => {
      const path = join(root, file);
      const text = readFileSync(path, 'utf8');
      expect(text).toContain(from);
      writeFileSync(path, text.replace(from, to));
    };
    edit('models/zoo-figures.ts', 'trainable: 34426698', 'trainable: 89600000');
    edit('models/families.ts', ', resnet,', ',');
    writeFileSync(join(root, 'README.md'), 'before\n<!-- zoo:begin -->\nold\n<!-- zoo:end -->\nafter\n');
    expect(await staleZooFiles(root)).toEqual(['models/families.ts', 'models/zoo-figures.ts', 'README.md']);
    const readme = (await generateZoo(root)).get('README.md') as string;
    expect(readme).toMatch(
      /^before\n<!-- zoo:begin -->\n[^]*`resnext29_8x64d`[^]*<!-- zoo:end -->\nafter\n$/,
    );
    expect(readme).not.toContain('old');
  });
});
