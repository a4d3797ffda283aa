import { ours, peers, type Programs, stock } from '../contestants';
import type { Effort, Plan } from '../plan';
import { networkFacts, networkMacs } from './network-facts';
import { BENCHMARKED_MODELS } from './training';

/** The logits of one image and of a batch. */
export function inferencePlan(programs: Programs, effort: Effort, models = BENCHMARKED_MODELS): Plan {
  return {
    name: 'inference',
    title: 'Inference',
    effort,
    groups: models.map((model) => ({
      parties: [
        [
          ours(programs),
          stock(programs),
          ...peers(programs, ['pytorch', 'pytorch-compile', 'keras', 'onnxruntime']),
        ],
      ],
      items: [1, 64].map((batch) => ({
        title: `${model}, batch ${batch}`,
        work: { kind: 'inference', model, network: networkFacts(model), batch },
        flops: 2 * networkMacs(model) * batch,
        images: batch,
      })),
    })),
  };
}
