/** A stream of pseudo-random numbers that can be started anew at any point at no cost. */
export interface SeededRandom {
  /** A whole number from 0 up to, not including, `bound`; `bound` is at most 2^32. */
  below(bound: number): number;
  /** Starts the stream that belongs to these numbers. */
  restart(...seeds: number[]): void;
}

/**
 * A stream that is a function of a few whole numbers and of nothing else: (seed, epoch, image), say.
 *
 * Data loading wants a stream for each image, so that what happens to an image depends neither on the batch size nor
 * on how many images came before it, and a run resumes at any epoch without replaying the earlier ones. Starting one
 * must then cost as little as drawing from it, which the generators of seedrandom, with their table or warm-up, do
 * not offer. This one is a Weyl sequence put through a 32-bit finaliser, good for crops and shuffles, not for secrets.
 * Seeds beyond 32 bits count in full.
 *
 * @example
 * const random = seededRandom(1, epoch, image);
 * const flipped = random.below(2) === 1;
 */
export function seededRandom(...seeds: number[]): SeededRandom {
  let state = 0;
  const stream: SeededRandom = {
    below(bound) {
      state = (state + WEYL_STEP) | 0;
      return Math.floor(((scramble(state) >>> 0) / TWO_TO_32) * bound);
    },
    restart(...numbers) {
      state = numbers.length;
      for (const number of numbers) {
        state = scramble(state ^ (number | 0)) + WEYL_STEP;
        state = scramble(state ^ Math.floor(number / TWO_TO_32)) | 0;
      }
    },
  };
  stream.restart(...seeds);
  return stream;
}

const TWO_TO_32 = 2 ** 32;
// 2^32 divided by the golden ratio: odd, so that the sequence visits every 32-bit number before it repeats.
const WEYL_STEP = 0x9e3779b9;

/** A bijection of the 32-bit numbers in which every input bit flips about half of the output bits. */
function scramble(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return x ^ (x >>> 15);
}
