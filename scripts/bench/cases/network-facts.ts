import { familyOf, isModelName, modelInfo } from '../../../models/catalogue';

/** What a network is made of: the peers build theirs from it. */
export type NetworkFacts = Readonly<Record<string, unknown>>;

const DEEPEST = 'resnext29_8x4d';
const DEEPEST_LAYERS = 29;

/** Of a model of the zoo, or of `resnext29_8x4d` with fewer layers: `resnext11_8x4d`, `resnext20_8x4d`. */
export function networkFacts(model: string): NetworkFacts {
  if (isModelName(model)) return asPeersHaveIt(model, { ...familyOf(model).variants[model] });
  const blocks = (layersOf(model) - 2) / 9;
  return { ...networkFacts(DEEPEST), depths: [blocks, blocks, blocks] };
}

/** The zoo's table entry, with what its build function adds for those that the peers' programs know. */
function asPeersHaveIt(model: string, variant: NetworkFacts): NetworkFacts {
  const { depths, width, stemStride } = variant as { depths: number[]; width: number; stemStride: number };
  if (model === 'resnet18_cifar') return { ...variant, widths: depths.map((_, stage) => width * 2 ** stage) };
  if (model === 'mobilenet_v2_cifar') return { ...variant, stem: [32, stemStride], head: 1280 };
  return variant;
}

/** Multiply-accumulates for one image. */
export function networkMacs(model: string): number {
  if (isModelName(model)) return modelInfo(model).macs;
  // A block at half the resolution with twice the channels costs the same; three of them are nine layers.
  const [width, groupWidth, out] = [32, 4, 256];
  const block = 32 ** 2 * (2 * out * width + 9 * groupWidth * width);
  return modelInfo(DEEPEST).macs - ((DEEPEST_LAYERS - layersOf(model)) / 3) * block;
}

function layersOf(model: string): number {
  return Number(/^resnext(\d+)_8x4d$/.exec(model)?.[1]);
}
