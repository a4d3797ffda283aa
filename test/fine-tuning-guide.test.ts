import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';

import * as models from '../models';
import * as node from '../src/node';
import { torchTensors } from '../src/import/torch-weights';
import { serialiseSafetensors } from '../src/safetensors/serialise';
import { readWeights } from '../src/train/weights';
import { makeImageFolder } from './data/made-image-folder';

const GUIDE = readFileSync(join(__dirname, '../docs/fine-tuning.md'), 'utf8');

/** The guide's program, for a small model and its weights, with every other line as it is printed. */
function program(name: string, weights: string): string {
  const [, code] = /```ts\n([^]*?)```/.exec(GUIDE) as RegExpExecArray;
  const edited = code
    .replace(/^const name = .*$/m, `const name = '${name}';`)
    .replace(/^const weights = .*$/m, `const weights = ${JSON.stringify(weights)};`)
    .replace(/^import (\{[^}]*\}) from '(.*)';$/gm, 'const $1 = load("$2");');
  expect(edited.match(/load\("/g)).toHaveLength(2);
  const options = { module: ModuleKind.ESNext, target: ScriptTarget.ES2022 };
  return transpileModule(`${edited}\nreturn { model, accuracy, classNames };`, { compilerOptions: options })
    .outputText;
}

test('the program of docs/fine-tuning.md runs, and trains all of the model', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'guide-'));
  const home = process.cwd();
  try {
    await makeImageFolder(join(folder, 'flowers'), { count: 30, seed: 1 });
    await node.useBackend();
    const source = models.createModel('resnext_toy', { seed: 3 });
    const weights = join(folder, 'toy.safetensors');
    writeFileSync(weights, serialiseSafetensors(torchTensors(source)));
    const before = readWeights(source);
    source.dispose();
    process.chdir(folder);
    const AsyncFunction = (async () => undefined).constructor as new (
      ...source: string[]
    ) => (load: (entry: string) => unknown) => Promise<unknown>;
    const run = new AsyncFunction('load', program('resnext_toy', weights));
    const entries: Record<string, unknown> = { 'tfjs-cardinal/models': models, 'tfjs-cardinal/node': node };
    const { model, accuracy, classNames } = (await run((entry) => entries[entry])) as {
      model: tf.LayersModel;
      accuracy: number;
      classNames: string[];
    };
    expect(classNames).toEqual(['blank', 'dots', 'stripes']);
    expect(accuracy).toBeGreaterThanOrEqual(0);
    for (const [weight, { data }] of readWeights(model)) {
      if (data.join() === before.get(weight)?.data.join()) throw new Error(`${weight} was not trained`);
    }
    const exported = JSON.parse(readFileSync(join(folder, 'exports/flowers/model.json'), 'utf8')) as object;
    expect(exported).toHaveProperty('modelTopology');
    model.dispose();
  } finally {
    process.chdir(home);
    rmSync(folder, { recursive: true });
  }
});

test('its commands have options that there are', () => {
  const finetune = readFileSync(join(__dirname, '../scripts/cli/commands/finetune.ts'), 'utf8');
  const used = GUIDE.match(/--(model|weights|freeze|to)\b/g) ?? [];
  expect(new Set(used).size).toBe(4);
  for (const flag of used) expect(finetune).toContain(`'${flag}'`);
});
