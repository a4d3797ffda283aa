import type { Weight } from '../graph/graph';

/** A filter `[height, width, in, out]` as ONNX's `Conv` has it: `[out, in, height, width]`. */
export function outputFirst({ shape, data }: Weight): Weight {
  const [height, width, inner, out] = shape;
  const taps = height * width;
  const values = new Float32Array(data.length);
  let at = 0;
  for (let tap = 0; tap < taps; tap++) {
    for (let channel = 0; channel < inner; channel++) {
      for (let to = 0; to < out; to++) values[(to * inner + channel) * taps + tap] = data[at++];
    }
  }
  return { shape: [out, inner, height, width], data: values };
}

/** The kernel `[in, out]` of a product of channels as the filter of a 1x1 convolution. */
export function asPointwise({ shape, data }: Weight): Weight {
  return outputFirst({ shape: [1, 1, ...shape], data });
}
