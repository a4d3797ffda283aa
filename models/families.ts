// Written by scripts/generate-zoo.ts from the files of models/: change those, and run it.
import { mobilenetV1 } from './mobilenet-v1';
import { mobilenetV2 } from './mobilenet-v2';
import { resnet } from './resnet';
import { resnextCifar } from './resnext-cifar';

// prettier-ignore
export const FAMILIES = [mobilenetV1, mobilenetV2, resnet, resnextCifar] as const;
