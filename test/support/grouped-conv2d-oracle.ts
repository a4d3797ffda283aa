import { type ConvSpec } from '../../src/ops/conv-spec';

/** Grouped convolution and its gradients by plain loops in double precision, written from the definition alone. */
export function oracle(
  x: ArrayLike<number>,
  filter: ArrayLike<number>,
  dy: ArrayLike<number>,
  spec: ConvSpec,
): { y: Float64Array; dx: Float64Array; dFilter: Float64Array } {
  const { batch, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, groups } = spec;
  const { filterHeight, filterWidth, strides, dilations, padding } = spec;
  const depth = inChannels / groups;
  const y = new Float64Array(batch * outHeight * outWidth * outChannels);
  const dx = new Float64Array(batch * inHeight * inWidth * inChannels);
  const dFilter = new Float64Array(filterHeight * filterWidth * depth * outChannels);
  for (let image = 0; image < batch; image++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        for (let out = 0; out < outChannels; out++) {
          const group = Math.floor((out * groups) / outChannels);
          const yIndex = ((image * outHeight + row) * outWidth + column) * outChannels + out;
          for (let i = 0; i < filterHeight; i++) {
            const inRow = row * strides[0] + i * dilations[0] - padding.top;
            if (inRow < 0 || inRow >= inHeight) continue;
            for (let j = 0; j < filterWidth; j++) {
              const inColumn = column * strides[1] + j * dilations[1] - padding.left;
              if (inColumn < 0 || inColumn >= inWidth) continue;
              for (let c = 0; c < depth; c++) {
                const xIndex =
                  ((image * inHeight + inRow) * inWidth + inColumn) * inChannels + group * depth + c;
                const filterIndex = ((i * filterWidth + j) * depth + c) * outChannels + out;
                y[yIndex] += x[xIndex] * filter[filterIndex];
                dx[xIndex] += dy[yIndex] * filter[filterIndex];
                dFilter[filterIndex] += dy[yIndex] * x[xIndex];
              }
            }
          }
        }
      }
    }
  }
  return { y, dx, dFilter };
}

/** The largest difference between two lists, as a share of the largest expected magnitude. */
export function relativeError(received: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (received.length !== expected.length) return Infinity;
  let difference = 0;
  let magnitude = 0;
  for (let index = 0; index < expected.length; index++) {
    const distance = Math.abs(received[index] - expected[index]);
    if (!(distance <= difference)) difference = distance; // a NaN stays
    magnitude = Math.max(magnitude, Math.abs(expected[index]));
  }
  return magnitude === 0 ? difference : difference / magnitude;
}
