/** A layer as the parts of a model are told by: its name, and the size of what it puts out. */
export interface NamedLayer {
  readonly name: string;
  /** Such as `32x32`; empty where it is no image. */
  readonly size: string;
  /** Whether it puts several values together, which makes a block of what it is in. */
  readonly isJoin: boolean;
}

/** Where in a model a layer is. */
export interface ModulePlace {
  /** A stage, such as `layer1`. */
  readonly stage: string;
  /** A block of the stage, such as `layer1.0`; none for layers that are in no block. */
  readonly block?: string;
}

type Kind = 'loose' | 'block' | 'blocks';

/**
 * Stages and blocks by the names of layers, which are those of PyTorch's modules.
 *
 * A module such as `layer1` with numbered modules in it is a stage of blocks. Modules that are blocks themselves, as
 * `features.3` in a MobileNet, are of one stage as long as the image keeps its size. What stands before the first block is
 * the stem, what stands after the last the head. Where no names tell, layers whose outputs are of one size are a stage.
 *
 * @param layers in the order of the forward pass
 *
 * @example
 * placesByName([{ name: 'layer1.0.conv1', size: '8x8', isJoin: false }])[0]; // { stage: 'layer1', block: 'layer1.0' }
 */
export function placesByName(layers: readonly NamedLayer[]): ModulePlace[] {
  const modules = layers.map(({ name }) => moduleOf(name));
  const kinds = new Map<string, Kind>();
  for (const module of new Set(modules)) {
    kinds.set(
      module,
      kindOf(
        module,
        layers.filter((_, index) => modules[index] === module),
      ),
    );
  }
  const order = [...kinds.keys()];
  const isLoose = (module: string) => kinds.get(module) === 'loose';
  const first = order.findIndex((module) => !isLoose(module));
  if (first === -1) return layers.map(({ size }) => ({ stage: size === '' ? 'head' : size }));
  const last = order.length - 1 - [...order].reverse().findIndex((module) => !isLoose(module));
  const sizes = new Map(layers.map(({ size }, index) => [modules[index], size])); // of the last layer of each
  const runs = runsOf(order, (before, module) => {
    if (kinds.get(before) !== kinds.get(module)) return false;
    return isLoose(module) || (kinds.get(module) === 'block' && sizes.get(before) === sizes.get(module));
  });
  const stages = new Map<string, string>();
  for (const run of runs) {
    const at = order.indexOf(run[0]);
    const names = spanName(run[0], run[run.length - 1]);
    const name = at < first ? 'stem' : at > last ? 'head' : names;
    for (const module of run) stages.set(module, name);
  }
  return layers.map(({ name }, index) => {
    const module = modules[index];
    const stage = stages.get(module) as string;
    switch (kinds.get(module)) {
      case 'block':
        return { stage, block: module };
      case 'blocks':
        return {
          stage,
          block: isNumbered(inner(name, module)[0]) ? `${module}.${inner(name, module)[0]}` : undefined,
        };
      default:
        return { stage };
    }
  });
}

/**
 * What modules from the first to the last are called together.
 *
 * @example
 * spanName('features.5', 'features.6'); // 'features.5 to 6'
 */
export function spanName(first: string, last: string): string {
  if (first === last) return first;
  const [parts, others] = [first.split('.'), last.split('.')];
  const differs = parts.findIndex((part, index) => part !== others[index]);
  return `${first} to ${others.slice(differs).join('.')}`;
}

/** `layer1` of `layer1.0.conv1`; `features.3` of `features.3.conv.0`, as `features` and its like hold the whole network. */
function moduleOf(name: string): string {
  const parts = name.split('.');
  return parts.slice(0, isNumbered(parts[0]) ? 1 : 2).join('.');
}

function kindOf(module: string, layers: readonly NamedLayer[]): Kind {
  const paths = layers.map(({ name }) => inner(name, module));
  if (paths.some((path) => path.length > 1 && isNumbered(path[0]))) return 'blocks';
  const isDeep = paths.some((path) => path.length > 1) || layers.some(({ isJoin }) => isJoin);
  return isDeep && paths.some((path) => path.length > 0) ? 'block' : 'loose';
}

function inner(name: string, module: string): string[] {
  return name
    .slice(module.length + 1)
    .split('.')
    .filter((part) => part !== '');
}

function isNumbered(part: string | undefined): boolean {
  return part !== undefined && /\d$/.test(part);
}

/** Entries in rows: one goes on while `continues` holds from each to the next. */
function runsOf<T>(entries: readonly T[], continues: (before: T, next: T) => boolean): T[][] {
  const runs: T[][] = [];
  for (const entry of entries) {
    const run = runs.at(-1);
    if (run !== undefined && continues(run[run.length - 1], entry)) run.push(entry);
    else runs.push([entry]);
  }
  return runs;
}
