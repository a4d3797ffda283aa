/** Seeded damage: the same seed and the same file give the same damaged file. */
export type Draw = () => number;

/** Numbers in [0, 1) by mulberry32. */
export function drawing(seed: number): Draw {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const upTo = (draw: Draw, count: number): number => Math.floor(draw() * count);
const oneOf = <T>(draw: Draw, values: readonly T[]): T => values[upTo(draw, values.length)]!;

/** One bit of `bytes` turned over. */
export function flipBit(bytes: Uint8Array, draw: Draw): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[upTo(draw, bytes.length)]! ^= 1 << upTo(draw, 8);
  return changed;
}

const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

const BYTE_DAMAGE: ((bytes: Uint8Array, draw: Draw) => Uint8Array)[] = [
  flipBit,
  (bytes, draw) => {
    const changed = Uint8Array.from(bytes);
    changed[upTo(draw, bytes.length)] = upTo(draw, 256);
    return changed;
  },
  // Sizes and offsets live at the head: most readers are led astray there.
  (bytes, draw) => {
    const changed = Uint8Array.from(bytes);
    changed[upTo(draw, Math.min(bytes.length, 64))] = oneOf(draw, [0, 1, 0x7f, 0x80, 0xff]);
    return changed;
  },
  (bytes, draw) => {
    const changed = Uint8Array.from(bytes);
    const at = upTo(draw, bytes.length);
    changed.fill(oneOf(draw, [0, 0xff]), at, at + 1 + upTo(draw, 16));
    return changed;
  },
  (bytes, draw) => bytes.slice(0, upTo(draw, bytes.length)),
  (bytes, draw) => joined(bytes, bytes.slice(0, 1 + upTo(draw, 64))),
  (bytes, draw) => {
    const at = upTo(draw, bytes.length);
    return joined(bytes.slice(0, at), bytes.slice(at + 1 + upTo(draw, 32)));
  },
  (bytes, draw) => {
    const at = upTo(draw, bytes.length);
    return joined(bytes.slice(0, at), bytes.slice(at, at + 1 + upTo(draw, 32)), bytes.slice(at));
  },
  (bytes, draw) => {
    const from = upTo(draw, bytes.length);
    const to = upTo(draw, bytes.length);
    const piece = bytes.slice(from, from + 1 + upTo(draw, 32));
    const changed = Uint8Array.from(bytes);
    changed.set(piece.slice(0, changed.length - to), to);
    return changed;
  },
];

/** `bytes` with one thing wrong: a bit, a run, a piece missing, twice or elsewhere, cut short or too long. */
export const mutateBytes = (bytes: Uint8Array, draw: Draw): Uint8Array =>
  oneOf(draw, BYTE_DAMAGE)(bytes, draw);

type Place = { holder: Record<string, unknown> | unknown[]; key: string | number };

function placesOf(value: unknown, places: Place[] = []): Place[] {
  if (Array.isArray(value)) {
    value.forEach((held, key) => {
      places.push({ holder: value, key });
      placesOf(held, places);
    });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, held] of Object.entries(value)) {
      places.push({ holder: value as Record<string, unknown>, key });
      placesOf(held, places);
    }
  }
  return places;
}

const valueAt = ({ holder, key }: Place): unknown => (holder as Record<string | number, unknown>)[key];
function put({ holder, key }: Place, value: unknown): void {
  (holder as Record<string | number, unknown>)[key] = value;
}

const STRANGE = [
  null,
  true,
  0,
  -1,
  0.5,
  1e9,
  2 ** 31,
  2 ** 53,
  1e308,
  '',
  '__proto__',
  'constructor',
  '../out',
  [],
  [[]],
  {},
  [0],
  [-1, 3],
];

/** Stands for nesting that `JSON.stringify` has no stack for. */
const NESTED = /"\\u0001nested (\d+)"/;

function nested(depth: number): string {
  const levels = Array.from({ length: depth }, (_, level) => level % 2 === 0);
  const open = levels.map((isList) => (isList ? '[' : '{"config":')).join('');
  const close = levels.map((isList) => (isList ? ']' : '}')).reverse();
  return `${open}0${close.join('')}`;
}

const JSON_DAMAGE: ((place: Place, places: Place[], draw: Draw) => void)[] = [
  (place, _places, draw) => put(place, oneOf(draw, STRANGE)),
  ({ holder, key }) => {
    if (Array.isArray(holder)) holder.splice(key as number, 1);
    else delete holder[key];
  },
  (place, places, draw) => put(place, structuredClone(valueAt(oneOf(draw, places)))),
  ({ holder, key }) => {
    if (Array.isArray(holder)) holder.push(structuredClone(holder[key as number]));
    else holder[`${key}x`] = holder[key];
  },
  ({ holder, key }) => {
    if (Array.isArray(holder)) holder.reverse();
    else {
      const value = holder[key];
      delete holder[key];
      // As a file has it: a property of its own, not the prototype.
      Object.defineProperty(holder, '__proto__', { value, enumerable: true, configurable: true });
    }
  },
  (place, _places, draw) => put(place, `\u0001nested ${oneOf(draw, [3, 50, 5000])}`),
  (place, _places, draw) => {
    const value = valueAt(place);
    if (typeof value === 'number') put(place, oneOf(draw, [value + 1, value - 1, -value, value * 1e6]));
    else if (typeof value === 'string') {
      const at = upTo(draw, value.length + 1);
      put(place, value.slice(0, at) + oneOf(draw, ['', 'x', '/', '\u0000', 'é']) + value.slice(at + 1));
    } else if (typeof value === 'boolean') put(place, !value);
    else put(place, oneOf(draw, STRANGE));
  },
];

/** A JSON text with one value of it wrong, or, one time in five, one of its bytes. */
export function mutateJson(bytes: Uint8Array, draw: Draw): Uint8Array {
  if (draw() < 0.2) return mutateBytes(bytes, draw);
  const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
  const places = placesOf(document);
  // One-character slips of names and numbers are what hands and disks do most.
  const damage = draw() < 0.4 ? JSON_DAMAGE.at(-1)! : oneOf(draw, JSON_DAMAGE);
  damage(oneOf(draw, places), places, draw);
  const text = JSON.stringify(document).replace(NESTED, (_, depth) => nested(Number(depth)));
  return new TextEncoder().encode(text);
}
