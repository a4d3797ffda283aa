import { join } from 'node:path';
import { readDefinition } from '../../../scripts/experiment/find-definition';
import { holdSubject } from '../subject';

const YAML = `
name: toys
title: Toys
data: &data { subset: 2000, validation: 200 }
recipes:
  short: &short { epochs: 2, batchSize: 32, learningRate: 0.1 }
  long: *short
matrix:
  model: [resnext_toy, resnet_toy]
  groups: [2, 4]
  recipe: [short]
  seed: [1, 2]
include:
  - { model: resnet_toy, recipe: short, seed: 3, label: "one more" }
exclude:
  - { model: resnet_toy, groups: 4 }
`;

void holdSubject({
  files: { 'toys.yaml': new TextEncoder().encode(YAML) },
  read: async (folder) => void (await readDefinition(join(folder, 'toys.yaml'))),
});
