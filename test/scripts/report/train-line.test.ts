import { execFileSync } from 'node:child_process';

import { Command } from 'commander';

import { register } from '../../../scripts/cli/commands/train';
import { requestFromFlags, type TrainFlags } from '../../../scripts/cli/train-options';
import { trainLine } from '../../../scripts/report/train-line';
import { resolveRun, type RunRequest } from '../../../scripts/run-training';
import type { RunConfig } from '../../../src/train/run-config';

/** The words that a shell makes of a line. */
function words(line: string): string[] {
  return execFileSync('sh', ['-c', `printf '%s\\0' ${line}`])
    .toString()
    .split('\0')
    .slice(0, -1);
}

/** The config that the command line would train with. */
async function retrained(line: string): Promise<{ config: RunConfig; to: string | undefined }> {
  const program = new Command();
  register(program);
  const kept: [string, TrainFlags][] = [];
  program.commands[0].action((model: string, flags: TrainFlags) => void kept.push([model, flags]));
  const [cardinal, ...args] = words(line);
  expect(cardinal).toBe('cardinal');
  await program.parseAsync(args, { from: 'user' });
  const [[model, flags]] = kept;
  return { config: await resolveRun({ ...requestFromFlags(model, flags), backend: 'cpu' }), to: flags.to };
}

const requests: [string, RunRequest][] = [
  ['all by default', { model: 'resnext_toy' }],
  [
    'data, epochs and seed',
    { model: 'resnet_toy', data: { subset: 2000, validation: 7 }, recipe: { epochs: 4, seed: 3 } },
  ],
  [
    'batches that so few images have not by themselves',
    { model: 'resnet_toy', data: { subset: 2000 }, recipe: { epochs: 2, batchSize: 128 } },
  ],
  [
    'another optimiser with its own defaults',
    { model: 'resnext_toy', recipe: { optimizer: 'adamw', mixup: 0.2, ema: 0.999, epochs: 5 } },
  ],
  [
    'what is switched off',
    { model: 'mobilenet_toy', recipe: { flip: false, padCrop: 0, warmupEpochs: 0, momentum: 0 } },
  ],
  [
    'what has several forms',
    {
      model: 'mobilenet_toy',
      recipe: { flip: 'alternating', padCrop: 2, whiten: true, testTimeAugmentation: 'flip', lookahead: 5 },
    },
  ],
  [
    'options of the model',
    {
      model: 'resnext_toy',
      modelOptions: { dropRate: 0.1, implementation: 'split-concat', groups: 4, width: 24 },
    },
  ],
  ['a path that a shell would split', { model: 'resnext_toy', data: { source: "my data/it's $HOME" } }],
];

test.each(requests)('the line trains the same run again: %s', async (_, request) => {
  const config = await resolveRun({ ...request, backend: 'cpu' });
  const { command, missing } = trainLine(config, 'runs/a b');
  expect(missing).toEqual([]);
  const again = await retrained(command);
  expect(again.config).toEqual(config);
  expect(again.to).toBe('runs/a b');
});

test('only what differs from the defaults is said', async () => {
  const config = await resolveRun({ model: 'resnext_toy', recipe: { epochs: 10, seed: 1 }, backend: 'cpu' });
  expect(trainLine(config, 'runs/toy').command).toBe(
    'cardinal train resnext_toy --epochs 10 --seed 1 --to runs/toy',
  );
});

test('what no option says is named', async () => {
  const config = await resolveRun({ model: 'resnext_toy', backend: 'cpu' });
  const recipe = Object.assign({ novelty: 2 }, config.recipe); // of a later version
  expect(trainLine({ ...config, recipe }, 'runs/toy').missing).toEqual(['novelty 2']);
});

test('a fine-tuned run is started by finetune', async () => {
  const config = await resolveRun({ model: 'resnet18', backend: 'cpu' });
  const images = {
    classNames: ['daisy', 'rose'],
    mean: [0, 0, 0],
    std: [1, 1, 1],
    resize: 40,
    size: 32,
    interpolation: 'bilinear' as const,
    validationShare: 0.2,
    seed: 0,
  };
  const tuned: RunConfig = {
    ...config,
    model: { ...config.model, weights: 'hf:timm/resnet18.tv_in1k', freeze: 'layer2' },
    data: { name: 'image-folder', source: 'my flowers', images, validation: 10 },
    recipe: {
      ...config.recipe,
      epochs: 10,
      batchSize: 32,
      learningRate: 0.01,
      weightDecay: 1e-4,
      padCrop: 4,
    },
  };
  expect(words(trainLine(tuned, 'runs/flowers').command).join(' ')).toBe(
    'cardinal finetune my flowers --model resnet18 --weights hf:timm/resnet18.tv_in1k --freeze layer2 ' +
      '--image-size 32 --validation-share 0.2 --epochs 10 --batch-size 32 --lr 0.01 --weight-decay 0.0001 ' +
      '--warmup-epochs 1 --to runs/flowers',
  );
});
