import type { Weight } from '../graph/graph';

/**
 * A filter `[height, width, in, out]` as ONNX's `Conv` has it: `[out, in, height, width]`. The values are put in this order
 * each time that they are read, so that a large model is there in one of both orders and one filter in the other.
 */
export function outputFirst({ shape, data }: Weight): Weight {
  const [height, width, inner, out] = shape;
  const taps = height * width;
  return {
    shape: [out, inner, height, width],
    get data() {
      const values = new Float32Array(data.length);
      let at = 0;
      for (let tap = 0; tap < taps; tap++) {
        for (let channel = 0; channel < inner; channel++) {
          for (let to = 0; to < out; to++) values[(to * inner + channel) * taps + tap] = data[at++];
        }
      }
      return values;
    },
  };
}

/** The kernel `[in, out]` of a product of channels as the filter of a 1x1 convolution. */
export function asPointwise({ shape, data }: Weight): Weight {
  return outputFirst({ shape: [1, 1, ...shape], data });
}
