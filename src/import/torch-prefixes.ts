/** How the names of a file's tensors and those that a model asks for correspond. */
export interface NameMatch {
  /** What was taken off at the beginning of names, such as `module.`; empty where nothing was. */
  readonly prefix: string;
  /** Names of wrapping modules that were taken out within names, such as `_orig_mod`. */
  readonly wrappers: readonly string[];
  /** Prefixes under which the file has the same tensors once more; these were passed over. */
  readonly otherCopies: readonly string[];
  /** The file's names by the model's, those of other tensors among them as they are but for prefix and wrappers. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Modules that wrap others and have their weights: PyTorch's own, of `torch.compile`, FSDP and checkpointing. */
const WRAPPERS = ['_orig_mod', '_fsdp_wrapped_module', '_checkpoint_wrapped_module', 'module'];

/** A moving average of the weights, as timm's, Lightning's and PyTorch's own are called. */
const AVERAGE = /(^|[._])(ema|averaged?|avg|swa|shadow)([._]|$)/i;

/** What `torch.optim.swa_utils.AveragedModel` counts its updates by. */
const AVERAGED_COUNT = 'n_averaged';

interface Candidate {
  readonly prefix: string;
  readonly isUnwrapped: boolean;
  /** How many of the model's weights have a tensor that fits. */
  fitting: number;
}

/**
 * Finds what stands before the names of a file's tensors where a model was wrapped in others (`module.`, `_orig_mod.`,
 * `model.`, `backbone.`, `state_dict.`, in any combination): that, taken off, under which the most weights find their tensor.
 *
 * Of several whole copies, a moving average of the weights is taken before the weights themselves, as timm does; else the one
 * with the shortest prefix.
 *
 * @param names in the file
 * @param wanted how many weights the model has
 * @param fits whether a tensor of the file is one that the model asks for under another name
 *
 * @example
 * const { prefix } = matchNames(['module.fc.weight'], 1, (source, own) => own === 'fc.weight'); // 'module.'
 */
export function matchNames(
  names: Iterable<string>,
  wanted: number,
  fits: (source: string, own: string) => boolean,
): NameMatch {
  const all = [...names];
  const candidates = candidatesOf(all, fits);
  const whole = candidates.filter(({ fitting }) => fitting === wanted);
  const [best] = whole.length > 0 ? whole.sort(byPreference) : candidates.sort(byFit);
  // A few names that happen to be alike are no reason to take the rest for another model's.
  const { prefix, isUnwrapped } = best !== undefined && best.fitting > wanted / 2 ? best : AS_THEY_ARE;
  const otherCopies = whole
    .filter((copy) => copy.isUnwrapped === isUnwrapped && copy.prefix !== prefix)
    .map((copy) => copy.prefix);
  const isOther = (name: string): boolean =>
    otherCopies.some((other) => {
      const own = strippedOf(name, other, isUnwrapped);
      return own !== undefined && (fits(name, own) || isCount(own));
    });
  const sources = new Map<string, string>();
  for (const name of all) {
    const own = strippedOf(name, prefix, isUnwrapped);
    if (own !== undefined) sources.set(own, name);
    else if (!isOther(name) && name !== AVERAGED_COUNT) sources.set(name, name);
  }
  const parts = isUnwrapped ? all.flatMap((name) => name.split('.')) : [];
  const wrappers = [...new Set(parts.filter((part) => WRAPPERS.includes(part)))];
  return { prefix, wrappers, otherCopies, sources };
}

const AS_THEY_ARE: Candidate = { prefix: '', isUnwrapped: false, fitting: 0 };

/** Every beginning of a name after which one follows that fits, with the names as they are and without wrappers. */
function candidatesOf(names: readonly string[], fits: (source: string, own: string) => boolean): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const isUnwrapped of [false, true]) {
    const seen = new Set<string>();
    for (const source of names) {
      const name = isUnwrapped ? unwrapped(source) : source;
      // Names that only their wrappers tell apart are not to be taken for one.
      if (seen.has(name)) return [...found.values()].filter((candidate) => !candidate.isUnwrapped);
      seen.add(name);
      for (let at = 0; at >= 0; at = name.indexOf('.', at) + 1 || -1) {
        if (!fits(source, name.slice(at))) continue;
        const prefix = name.slice(0, at);
        const key = `${isUnwrapped} ${prefix}`;
        const known = found.get(key) ?? { prefix, isUnwrapped, fitting: 0 };
        known.fitting++;
        found.set(key, known);
      }
    }
  }
  return [...found.values()];
}

function byPreference(a: Candidate, b: Candidate): number {
  const [first, second] = [a, b].map(({ prefix }) => Number(AVERAGE.test(prefix)));
  return second - first || simplicity(a, b);
}

function byFit(a: Candidate, b: Candidate): number {
  return b.fitting - a.fitting || byPreference(a, b);
}

function simplicity(a: Candidate, b: Candidate): number {
  return Number(a.isUnwrapped) - Number(b.isUnwrapped) || a.prefix.length - b.prefix.length;
}

function strippedOf(source: string, prefix: string, isUnwrapped: boolean): string | undefined {
  const name = isUnwrapped ? unwrapped(source) : source;
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}

function unwrapped(name: string): string {
  return name
    .split('.')
    .filter((part) => !WRAPPERS.includes(part))
    .join('.');
}

function isCount(name: string): boolean {
  return name.endsWith('num_batches_tracked');
}
