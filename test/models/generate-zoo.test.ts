import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../scripts/cli/package-root';
import { listModels } from '../../models';
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

  test('docs/zoo.md has a table for each family, the README a row', async () => {
    writeFileSync(join(root, 'README.md'), '<!-- zoo:begin -->\n<!-- zoo:end -->\n');
    const outputs = await generateZoo(root);
    const page = outputs.get('docs/zoo.md') as string;
    const readme = outputs.get('README.md') as string;
    const families = [...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(families.length).toBeGreaterThan(3);
    expect(new Set(families).size).toBe(families.length);
    for (const title of families) expect(readme.split(`| ${title} |`)).toHaveLength(2);
    for (const name of listModels()) {
      expect(page.split(`\n| \`${name}\` |`)).toHaveLength(2);
      expect(readme.split(`\`${name}\``)).toHaveLength(2);
    }
    expect(page).toMatch(
      /^\| `resnet18_cifar` \| 32x32x3 \| 11,173,962 \| 9,600 \| 555,422,720 \| paper \| layer1 64\/1, .*layer4 512\/8 \|$/m,
    );
    expect(readme).toMatch(/\| 0\.14 to 626 \| 6\.6 to 92,226 \| \[1611\.05431\]/);
    expect(outputs.get('models/zoo-figures.ts')).toContain("['layer4', 512, 8]] },");
  });
});
