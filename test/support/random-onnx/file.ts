import { CONSTANT_DRAWS } from './constants';
import { broadcast, Draft, type Drawn } from './draft';
import { fitting, type Draw } from './draws';
import { LAYER_DRAWS } from './layers';
import { PATTERN_DRAWS } from './patterns';

/** What drawn files are about: every operator of the importer, what exporters write in several, and constants of each kind. */
export interface Subjects {
  readonly layers: readonly string[];
  readonly constants: readonly string[];
}

/** A drawn file, with what it is fed and what it is about. */
export interface DrawnFile {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly draft: Draft;
  readonly outputs: readonly Drawn[];
}

/** Patterns of operators that the importer has not: subjects of their own, and nothing to put beside others. */
const ALONE = new Set(['attention', 'upsampling', 'a number compared']);

/** What no file has: several nodes of one that the importer joins. */
const JOINED = new Set(['ScaleShift']);

/**
 * What files are drawn of, for the importer's own tables: of operators that become layers, and of those that compute constants.
 * A draw is `undefined` for an operator that nobody has written one for.
 */
export function drawsOf(
  operators: object,
  evaluators: object,
): {
  readonly draws: readonly (readonly [subject: string, draw: Draw | undefined])[];
  readonly subjects: Subjects;
} {
  const layers = Object.keys(operators).filter((op) => !JOINED.has(op));
  const constants = Object.keys(evaluators);
  const draws = [
    ...layers.map((op) => [op, LAYER_DRAWS[op]] as const),
    ...Object.entries(PATTERN_DRAWS),
    ...constants.map(
      (op) => [`constant ${op}`, Object.hasOwn(CONSTANT_DRAWS, op) ? ofConstant(op) : undefined] as const,
    ),
  ];
  return { draws, subjects: { layers, constants } };
}

/** A constant whose last node is of an operator, added or multiplied by. */
function ofConstant(op: string): Draw {
  return (draft, x) => {
    if (x.type !== 'float') return undefined;
    const lengths = fitting(draft, x.dims);
    const dims = broadcast(x.dims, lengths);
    const made = CONSTANT_DRAWS[op](draft, lengths, draft.whole(0, 2));
    if (dims === undefined || made === undefined) return undefined;
    const operands = draft.chance(0.5) ? [x.name, made] : [made, x.name];
    return { ...x, name: draft.node(draft.one(['Add', 'Mul']), operands)[0], dims, isExact: false };
  };
}

const OPSETS = [13, 14, 15, 17, 17, 18, 19, 20, 20, 21, 22, 24];

/** The file of a number; the same for the same numbers. `undefined` where the draw came to nothing. */
export function drawFile(
  subject: string,
  draw: Draw,
  { layers, constants }: Subjects,
  ...seeds: number[]
): DrawnFile | undefined {
  const choice = new Draft(13, () => true, ...seeds, 1);
  const draft = new Draft(choice.one(OPSETS), (op) => constants.includes(op), ...seeds);
  const values: Drawn[] = [firstInput(draft)];
  if (draft.chance(0.1)) values.push({ ...draft.input(values[0].dims), isExact: true });
  let x = draft.one(values);
  const length = draft.whole(1, 4);
  const at = draft.whole(0, length - 1);
  const put = (made: Drawn | Drawn[] | undefined): boolean => {
    if (made === undefined) return false;
    const all = [made].flat();
    values.push(...all);
    [x] = all;
    return (
      x.dims.length > 0 && x.dims.every((axis) => axis >= 1) && x.dims.reduce((a, b) => a * b, 1) < 20_000
    );
  };
  for (let step = 0; step < length; step++) {
    if (step === at) {
      if (!put(draw(draft, x, values))) return undefined;
      continue;
    }
    const isRare = draft.chance(0.03);
    const table = draft.chance(0.15) ? PATTERN_DRAWS : LAYER_DRAWS;
    const names = Object.keys(table).filter(
      (op) => isRare || (table === PATTERN_DRAWS ? !ALONE.has(op) : layers.includes(op)),
    );
    const made = table[draft.one(names)](draft, x, values);
    // What cannot stand here is left out.
    if (made !== undefined && !put(made)) return undefined;
  }
  const outputs = [x];
  if (draft.chance(0.15)) outputs.push(draft.one(values));
  const isComputed = outputs.some(({ name }) => draft.nodes.some(({ output }) => output?.includes(name)));
  if (!isComputed) return undefined;
  const named = [...new Set(outputs)];
  const bytes = draft.bytes(named, draft.chance(0.7));
  return { subject, bytes, draft, outputs: named };
}

/** The drawn shape of the images, vectors or sequences that go in, sometimes channels last and transposed at once. */
function firstInput(draft: Draft): Drawn {
  const batch = draft.one([1, 2, 3, 3]);
  const rank = draft.one([2, 3, 4, 4, 4, 4, 4, 4, 5]);
  const lengths = draft.shuffled([2, 3, 4, 5, 6, 7]).slice(0, rank - 1);
  if (draft.chance(0.2)) lengths[draft.whole(0, lengths.length - 1)] = 1;
  // Lengths that are alike, which tell no axes apart; images keep theirs, so that it shows which way they lie.
  if (rank !== 4 && draft.chance(0.3)) lengths.fill(lengths[0]);
  if (rank === 4 && draft.chance(0.3)) {
    const size = draft.whole(4, 6);
    lengths.splice(0, 3, draft.one([4, 6, 8].filter((channels) => channels !== size)), size, size);
  }
  const isChannelsLast = rank === 4 && draft.chance(0.25);
  if (!isChannelsLast) return draft.input([batch, ...lengths]);
  const [channels, height, width] = lengths;
  let x = draft.input([batch, height, width, channels]);
  const before = draft.one(['', '', 'pixels between 0 and 255', 'scale and shift', 'Relu', 'Mul']);
  const draw = PATTERN_DRAWS[before] ?? LAYER_DRAWS[before];
  const made = draw === undefined ? x : draw(draft, x, []);
  if (made !== undefined && !Array.isArray(made) && made.dims.length === 4) x = made;
  return LAYER_DRAWS.Transpose === undefined
    ? x
    : {
        ...x,
        name: draft.node('Transpose', [x.name], { perm: [0, 3, 1, 2] })[0],
        dims: [x.dims[0], x.dims[3], x.dims[1], x.dims[2]],
      };
}
