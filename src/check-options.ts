import { invalidArgument, nearest, unknownChoice } from './errors';
import { kindOf } from './kind-of';

/** The names of the options of a type, which the compiler holds to it: none may be missing, and none too many. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/**
 * Throws unless every option that was given is one that there is: in JavaScript a slip of the pen (`pad` for `padding`)
 * would else be passed over, and the default taken. An option that is `undefined` was not given.
 *
 * @param where the function, as its caller knows it
 * @param options what came in place of them, an object if all is well
 * @param names those that there are; see {@link OptionNames}
 * @param unsaid more that are taken, and that nobody needs to be told of
 * @throws InvalidArgumentError naming the option and the nearest that there is; and for what is no object of options
 *
 * @example
 * const NAMES: OptionNames<SubsetOptions> = { count: true, seed: true, exclude: true };
 * checkOptions('subset', { cuont: 10 }, NAMES); // options of subset: expected one of count, seed, exclude (did you mean 'count'?). …
 */
export function checkOptions(
  where: string,
  options: unknown,
  names: Readonly<Record<string, true>>,
  unsaid: readonly string[] = [],
): void {
  const known = Object.keys(names);
  if (!isOptions(options)) {
    const awaited = kindOf(options) === 'Promise' ? ', which await makes of it' : '';
    throw invalidArgument(`options of ${where}`, `an object with ${known.join(', ')}${awaited}`, options);
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(names, name) || unsaid.includes(name)) continue;
    const near = nearestOption(name, known);
    throw unknownChoice(`options of ${where}`, name, known, near);
  }
}

/** What could be options: an object that is no list, no collection and nothing with a name of its own. */
function isOptions(options: unknown): options is object {
  if (typeof options !== 'object' || options === null || kindOf(options) !== undefined) return false;
  return !(Symbol.iterator in options) && !ArrayBuffer.isView(options) && !(options instanceof ArrayBuffer);
}

// What Keras, PyTorch, tfjs and timm call it.
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  bn: ['batchNorm'],
  cardinality: ['groups'],
  dilationrate: ['dilations'],
  dropout: ['dropRate', 'rate'],
  lr: ['learningRate'],
  outchannels: ['filters'],
  p: ['rate', 'dropRate'],
  pretrained: ['weights'],
  wd: ['weightDecay'],
};

/** The option that was most likely meant: one of another library's name, of nearly the same letters, or of which it is a part. */
function nearestOption(name: string, known: readonly string[]): string | undefined {
  const letters = plain(name);
  const meant = (Object.hasOwn(SYNONYMS, letters) ? SYNONYMS[letters] : []).find((one) =>
    known.includes(one),
  );
  const same = known.find((one) => plain(one) === letters);
  const part =
    letters.length < 3
      ? undefined
      : known.find((one) => plain(one).startsWith(letters) || letters.startsWith(plain(one)));
  return same ?? meant ?? part ?? nearest(name, known) ?? known.find((one) => plain(one).includes(letters));
}

/** A name as Python's and JavaScript's ways of writing it have in common. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
