import type { ModelName } from '../../../models/catalogue';
import { ours, peers, type Programs, stock } from '../contestants';
import type { Effort, Plan } from '../plan';
import { networkFacts, networkMacs } from './network-facts';

export const BENCHMARKED_MODELS: readonly ModelName[] = [
  'resnext29_8x4d',
  'resnext_toy',
  'mobilenet_v2_cifar',
  'resnet18_cifar',
];
const BATCH = 64;

/** A training step of each model, each in processes of its own, so that their memory is that of this model. */
export function trainingPlan(programs: Programs, effort: Effort, models = BENCHMARKED_MODELS): Plan {
  return {
    name: 'training',
    title: 'A training step',
    effort,
    groups: models.map((model) => ({
      // Stock tfjs-node holds 8 GB at a time, and Keras 3.
      parties: [
        [ours(programs), stock(programs)],
        [ours(programs), ...peers(programs, ['pytorch', 'pytorch-malloc', 'pytorch-compile'])],
        [ours(programs), ...peers(programs, ['keras'])],
      ].filter((party) => party.length > 1),
      items: [
        {
          title: model,
          work: { kind: 'training', model, network: networkFacts(model), batch: BATCH, checkedSteps: 2 },
          flops: trainingFlops(model, BATCH),
          images: BATCH,
        },
      ],
    })),
  };
}

/** The backward pass of a layer is two products of the forward pass's size. */
export function trainingFlops(model: string, batch: number): number {
  return 3 * 2 * networkMacs(model) * batch;
}
