import type { ModelName } from '../../../models/catalogue';
import { engines, ours, peers, type Programs, stock } from '../contestants';
import type { Effort, Group, Plan } from '../plan';
import { ENGINE } from '../protocol';
import { networkFacts, networkMacs } from './network-facts';

/** Models for images of 32x32, which all contestants have, and one for images of 224x224, which the peers do not. */
const MODELS: readonly ModelName[] = [
  'resnext29_8x4d',
  'mobilenet_v2_cifar',
  'resnext_toy',
  'resnext50_32x4d',
];

/** The logits of one image and of a batch. */
export function inferencePlan(programs: Programs, effort: Effort, models = MODELS): Plan {
  return {
    name: 'inference',
    title: 'Inference',
    effort,
    groups: models.map((model) => group(programs, model)),
  };
}

function group(programs: Programs, model: ModelName): Group {
  const isSmall = model !== 'resnext50_32x4d';
  const others = isSmall
    ? [stock(programs), ...peers(programs, ['pytorch', 'pytorch-compile', 'keras', 'onnxruntime'])]
    : [];
  return {
    parties: [[ours(programs, `${ENGINE}auto`), ...engines(programs), ...others]],
    items: [1, 64].map((batch) => ({
      title: `${model}, batch ${batch}`,
      work: { kind: 'inference', model, network: networkFacts(model), batch },
      flops: 2 * networkMacs(model) * batch,
      images: batch,
    })),
  };
}
