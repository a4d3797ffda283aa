import * as tf from '@tensorflow/tfjs';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { buildModel } from '../models/create-model';
import { type Family } from '../models/family';
import { inspectModel } from '../src/inspect/inspect-model';
import { packageRoot } from './cli/package-root';

// Writes what follows from the family files of models/: their list, the table of figures, docs/zoo.md and the table
// between the markers in README.md. With --check it writes nothing, names what is out of date, and exits with 1.
// Run it from the build: npm run build && node dist/scripts/generate-zoo.js [--check]

const BEGIN = '<!-- zoo:begin -->';
const END = '<!-- zoo:end -->';
const NOTICE = 'Written by scripts/generate-zoo.ts from the files of models/: change those, and run it.';

interface FamilyFile {
  readonly module: string;
  readonly exported: string;
  readonly family: Family;
}

interface Row {
  readonly name: string;
  readonly family: Family;
  readonly trainable: number;
  readonly nonTrainable: number;
  readonly macs: number;
  readonly activations: number;
}

/** The files that follow from the family files: path within the package, and content as it should be. */
export async function generateZoo(root: string): Promise<Map<string, string>> {
  tf.enableProdMode();
  await tf.setBackend('cpu');
  const files = familyFiles(root);
  const rows = files.flatMap(({ family }) =>
    Object.keys(family.variants).map((name) => figures(family, name)),
  );
  const outputs = new Map([
    ['models/families.ts', familiesModule(files)],
    ['models/zoo-figures.ts', figuresModule(rows)],
    ['docs/zoo.md', `# The zoo\n\n<!-- ${NOTICE} -->\n\n${markdownTable(rows)}\n`],
  ]);
  const readme = read(root, 'README.md');
  if (readme?.includes(BEGIN)) outputs.set('README.md', betweenMarkers(readme, markdownTable(rows)));
  return outputs;
}

/** Those of the generated files that are missing or differ from what they should be. */
export async function staleZooFiles(root: string): Promise<string[]> {
  return [...(await generateZoo(root))]
    .filter(([path, text]) => read(root, path) !== text)
    .map(([path]) => path);
}

// The family files themselves are read, not the list of them: it may not have the newest one yet.
function familyFiles(root: string): FamilyFile[] {
  const load = createRequire(__filename);
  return readdirSync(join(root, 'models'))
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .flatMap((file) => {
      const exported = /^export const (\w+) = defineFamily\(/m.exec(
        readFileSync(join(root, 'models', file), 'utf8'),
      )?.[1];
      if (exported === undefined) return [];
      const module = file.replace(/\.ts$/, '');
      const content = load(join(__dirname, '..', 'models', module)) as Record<string, Family>;
      return [{ module, exported, family: content[exported] }];
    });
}

function figures(family: Family, name: string): Row {
  const model = buildModel(family, name, { initialise: false });
  const { params, macs, activations } = inspectModel(model);
  model.dispose();
  return { name, family, trainable: params.trainable, nonTrainable: params.nonTrainable, macs, activations };
}

function familiesModule(files: readonly FamilyFile[]): string {
  return [
    `// ${NOTICE}`,
    ...files.map(({ module, exported }) => `import { ${exported} } from './${module}';`),
    '',
    '// prettier-ignore',
    `export const FAMILIES = [${files.map(({ exported }) => exported).join(', ')}] as const;`,
    '',
  ].join('\n');
}

function figuresModule(rows: readonly Row[]): string {
  return [
    `// ${NOTICE}`,
    '',
    '/** Weights by element, and multiply-accumulates and activations of one image, at the input shape of each model. */',
    '// prettier-ignore',
    'export const ZOO_FIGURES = {',
    ...rows.map(
      ({ name, trainable, nonTrainable, macs, activations }) =>
        `  ${name}: { trainable: ${trainable}, nonTrainable: ${nonTrainable}, macs: ${macs}, activations: ${activations} },`,
    ),
    '} as const;',
    '',
  ].join('\n');
}

function markdownTable(rows: readonly Row[]): string {
  const number = (count: number) => count.toLocaleString('en-US');
  return [
    '<!-- prettier-ignore-start -->',
    '| model | input | trainable parameters | batch-norm statistics | MACs | paper |',
    '| --- | --- | ---: | ---: | ---: | --- |',
    ...rows.map(({ name, family, trainable, nonTrainable, macs }) => {
      const input = family.variants[name].inputShape.join('x');
      const arxiv = /arXiv:([\d.]+)/.exec(family.paper)?.[1];
      const paper = arxiv === undefined ? family.paper : `[${arxiv}](https://arxiv.org/abs/${arxiv})`;
      return `| \`${name}\` | ${input} | ${number(trainable)} | ${number(nonTrainable)} | ${number(macs)} | ${paper} |`;
    }),
    '<!-- prettier-ignore-end -->',
  ].join('\n');
}

function betweenMarkers(text: string, table: string): string {
  const [head, rest] = text.split(BEGIN);
  const tail = rest.split(END)[1];
  if (tail === undefined) throw new Error(`README.md: expected ${END} after ${BEGIN}`);
  return `${head}${BEGIN}\n\n${table}\n\n${END}${tail}`;
}

function read(root: string, path: string): string | undefined {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined;
}

async function main(args: readonly string[]): Promise<number> {
  const root = packageRoot();
  const stale = await staleZooFiles(root);
  if (!args.includes('--check')) {
    const outputs = await generateZoo(root);
    for (const path of stale) await writeFileAtomic(join(root, path), outputs.get(path) as string);
    process.stdout.write(stale.length === 0 ? 'the zoo is up to date\n' : `wrote ${stale.join(', ')}\n`);
    return 0;
  }
  if (stale.length === 0) return 0;
  process.stderr.write(
    `out of date: ${stale.join(', ')}: run 'node dist/scripts/generate-zoo.js' after a build\n`,
  );
  return 1;
}

if (require.main === module) {
  void main(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}
