import { ours, peers, type Programs, stock } from '../contestants';
import type { Effort, Item, Plan } from '../plan';
import { convolutionFlops, shapeTitle } from './convolution-facts';
import { networkFacts } from './network-facts';
import { trainingFlops } from './training';

// Small enough that 256 images at a time, and three contestants at a time, fit into memory.
const BATCH_MODEL = 'resnext_toy';
const BATCHES = [16, 32, 64, 128, 256];
const CHANNELS = 256;
const GROUPS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const DEPTHS = [11, 20, 29];
const DEPTH_BATCH = 32;

/** How time grows with the batch, with the groups and with the depth. */
export function scalingPlan(programs: Programs, effort: Effort): Plan {
  const parties = [[ours(programs), stock(programs), ...peers(programs, ['pytorch'])]];
  const byBatch = BATCHES.map((batch) => trainingPoint(BATCH_MODEL, batch, { chart: 'batch', x: batch }));
  const byDepth = DEPTHS.map((layers) =>
    trainingPoint(`resnext${layers}_8x4d`, DEPTH_BATCH, { chart: 'depth', x: layers }),
  );
  const byGroups = GROUPS.map((groups): Item => {
    const shape = { batch: 32, size: 16, in: CHANNELS, out: CHANNELS, groups };
    return {
      title: `${shapeTitle(shape)} forward+backward`,
      work: { kind: 'convolution', shape, pass: 'forward+backward' },
      flops: 3 * convolutionFlops(shape),
      images: shape.batch,
      point: { chart: 'groups', x: groups },
    };
  });
  return {
    name: 'scaling',
    title: 'How time grows',
    effort,
    groups: [byBatch, byGroups, byDepth].map((items) => ({ parties, items })),
    charts: {
      batch: { title: `A training step of ${BATCH_MODEL}`, xTitle: 'batch' },
      groups: { title: `A 3x3 convolution of ${CHANNELS} channels, forward and backward`, xTitle: 'groups' },
      depth: { title: `A training step of ResNeXt 8x4d, batch ${DEPTH_BATCH}`, xTitle: 'layers' },
    },
  };
}

function trainingPoint(model: string, batch: number, point: Item['point']): Item {
  return {
    title: `${model}, a training step, batch ${batch}`,
    work: { kind: 'training', model, network: networkFacts(model), batch, checkedSteps: 1 },
    flops: trainingFlops(model, batch),
    images: batch,
    point,
  };
}
