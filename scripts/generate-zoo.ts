import * as tf from '@tensorflow/tfjs';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buildModel } from '../models/create-model';
import { type FeatureInfo } from '../models/catalogue';
import { type Family } from '../models/family';
import { featureInfo } from '../models/features';
import { sourceOf } from '../models/preprocessing';
import { writeWhole } from '../src/files/write-whole';
import { inspectModel } from '../src/inspect/inspect-model';
import { packageRoot } from './cli/package-root';

// Writes what follows from the family files of models/: their list, the table of figures, docs/zoo.md with a table for each
// family, and between the markers in README.md a short one with a row for each family. With --check it writes nothing, names what is out of date, and exits with 1.
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
  readonly features: readonly FeatureInfo[];
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
    ['docs/zoo.md', zooPage(files, rows)],
  ]);
  const readme = read(root, 'README.md');
  if (readme?.includes(BEGIN)) outputs.set('README.md', betweenMarkers(readme, shortTable(files, rows)));
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

const counted = new WeakMap<Family, Map<string, Row>>();

/** What a model comes to; counted once a process, as the largest takes seconds to build. */
function figures(family: Family, name: string): Row {
  const rows = counted.get(family) ?? new Map<string, Row>();
  counted.set(family, rows);
  const known = rows.get(name);
  if (known !== undefined) return known;
  const model = buildModel(family, name, { initialise: false });
  const { params, macs, activations } = inspectModel(model);
  const features = featureInfo(model);
  model.dispose();
  const { trainable, nonTrainable } = params;
  const row = { name, family, trainable, nonTrainable, macs, activations, features };
  rows.set(name, row);
  return row;
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
    '/**',
    ' * Weights by element, and multiply-accumulates and activations of one image, at the input shape of each model; module,',
    ' * channels and stride of its features, where it marks any.',
    ' */',
    '// prettier-ignore',
    'export const ZOO_FIGURES = {',
    ...rows.map(({ name, features, ...row }) => {
      const counts = (['trainable', 'nonTrainable', 'macs', 'activations'] as const).map(
        (figure) => `${figure}: ${row[figure]}`,
      );
      const stages = features.map(({ module, channels, stride }) => `['${module}', ${channels}, ${stride}]`);
      const listed = stages.length === 0 ? [] : [`features: [${stages.join(', ')}]`];
      return `  ${name}: { ${[...counts, ...listed].join(', ')} },`;
    }),
    '} as const;',
    '',
  ].join('\n');
}

/** All that is known of every model, family by family. */
function zooPage(files: readonly FamilyFile[], rows: readonly Row[]): string {
  const sections = files.flatMap(({ family }) => [
    `## ${family.title}`,
    '',
    paperLink(family.paper),
    '',
    ...(family.takesPadType ? ["Weights of Keras want `padType: 'same'` and `normEpsilon: 0.001`.", ''] : []),
    markdownTable(
      ['model', 'input', 'trainable parameters', 'batch-norm statistics', 'MACs', 'source', 'features'],
      [2, 3, 4],
      rowsOf(family, rows).map((row) => {
        const variant = family.variants[row.name];
        const counts = [row.trainable, row.nonTrainable, row.macs].map((count) =>
          count.toLocaleString('en-US'),
        );
        const features = row.features.map(
          ({ module, channels, stride }) => `${module} ${channels}/${stride}`,
        );
        const input = variant.inputShape.join('x');
        return [`\`${row.name}\``, input, ...counts, sourceOf(variant), features.join(', ')];
      }),
    ),
    '',
  ]);
  return [
    '# The zoo',
    '',
    `<!-- ${NOTICE} -->`,
    '',
    'Trainable parameters as torchvision counts them, without the statistics of batch norms. MACs: multiply-accumulates of the',
    'convolutions and linear layers for one image. Source: whose definition a model follows, to the parameter, and whose',
    'weights fit it; `paper` where we build it by the paper alone. Features: what `createModel(name, { features: true })` puts',
    'out, as module, channels/stride.',
    '',
    'Models are padded as PyTorch pads. TensorFlow pads convolutions with a stride otherwise, so that its weights fit the same',
    'model by shape and compute something else. The families that Keras publishes in that form take options for it, and their',
    "source is Keras with those alone: `createModel('mobilenet_v1_x0_25', { padType: 'same', normEpsilon: 0.001 })`.",
    '',
    ...sections,
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

/** One row for each family, in millions from the smallest model to the largest. */
function shortTable(files: readonly FamilyFile[], rows: readonly Row[]): string {
  return markdownTable(
    ['family', 'models', 'parameters, M', 'MACs, M', 'paper'],
    [2, 3],
    files.map(({ family }) => {
      const own = rowsOf(family, rows);
      const names = own.map(({ name }) => `\`${name}\``).join(', ');
      const ranges = (['trainable', 'macs'] as const).map((figure) => range(own.map((row) => row[figure])));
      return [family.title, names, ...ranges, paperLink(family.paper, 'short')];
    }),
  );
}

function rowsOf(family: Family, rows: readonly Row[]): Row[] {
  return rows.filter((row) => row.family === family);
}

function range(counts: readonly number[]): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)].map(millions);
  return least === most ? least : `${least} to ${most}`;
}

function millions(count: number): string {
  const value = count / 1e6;
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value >= 1 ? value.toFixed(1) : value.toFixed(2);
}

function paperLink(paper: string, length: 'short' | 'long' = 'long'): string {
  const arxiv = /arXiv:([\d.]+\d)/.exec(paper)?.[1];
  if (arxiv === undefined) return paper;
  const link = `(https://arxiv.org/abs/${arxiv})`;
  return length === 'short'
    ? `[${arxiv}]${link}`
    : paper.replace(`arXiv:${arxiv}`, `[arXiv:${arxiv}]${link}`);
}

/** @param numeric the columns, from 0, that are aligned to the right */
function markdownTable(
  head: readonly string[],
  numeric: readonly number[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    '<!-- prettier-ignore-start -->',
    line(head),
    line(head.map((_, column) => (numeric.includes(column) ? '---:' : '---'))),
    ...rows.map(line),
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
    for (const path of stale) await writeWhole(join(root, path), outputs.get(path) as string);
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
