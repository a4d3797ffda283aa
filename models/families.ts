// Written by scripts/generate-zoo.ts from the files of models/: change those, and run it.
import { airbench } from './airbench';
import { convnext } from './convnext';
import { densenet } from './densenet';
import { efficientnetV2 } from './efficientnet-v2';
import { efficientnet } from './efficientnet';
import { mnasnet } from './mnasnet';
import { mobilenetV1 } from './mobilenet-v1';
import { mobilenetV2 } from './mobilenet-v2';
import { mobilenetV3 } from './mobilenet-v3';
import { regnet } from './regnet';
import { resnet } from './resnet';
import { resnextCifar } from './resnext-cifar';
import { resnext } from './resnext';
import { seResnext } from './se-resnext';
import { shufflenetV2 } from './shufflenet-v2';
import { squeezenet } from './squeezenet';

// prettier-ignore
export const FAMILIES = [airbench, convnext, densenet, efficientnetV2, efficientnet, mnasnet, mobilenetV1, mobilenetV2, mobilenetV3, regnet, resnet, resnextCifar, resnext, seResnext, shufflenetV2, squeezenet] as const;
