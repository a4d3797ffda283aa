/** One axis of a window that slides: its size, its stride, and the elements that are added before the first. */
export interface PoolAxis {
  readonly input: number;
  readonly output: number;
  readonly size: number;
  readonly stride: number;
  readonly before: number;
}

/** The axis under TensorFlow's 'same' or 'valid'. */
export function poolAxis(input: number, size: number, stride: number, padding: 'same' | 'valid'): PoolAxis {
  if (padding === 'valid')
    return { input, output: Math.floor((input - size) / stride) + 1, size, stride, before: 0 };
  const output = Math.ceil(input / stride);
  const added = Math.max(0, (output - 1) * stride + size - input);
  return { input, output, size, stride, before: Math.floor(added / 2) };
}

/**
 * Pooling of `[batch, height, width, channels]` and its gradient by plain loops, written from the definition: a maximum's
 * gradient goes to the first element that has it, an average is one of the elements that are there.
 */
export function poolOracle(
  kind: 'max' | 'average',
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  [batch, channels]: readonly [number, number],
  [rows, columns]: readonly [PoolAxis, PoolAxis],
): { y: Float64Array; dx: Float64Array } {
  const y = new Float64Array(batch * rows.output * columns.output * channels);
  const dx = new Float64Array(batch * rows.input * columns.input * channels);
  for (let image = 0; image < batch; image++) {
    for (let row = 0; row < rows.output; row++) {
      for (let column = 0; column < columns.output; column++) {
        for (let channel = 0; channel < channels; channel++) {
          const seen: number[] = [];
          for (const i of reached(rows, row)) {
            for (const j of reached(columns, column)) {
              seen.push(((image * rows.input + i) * columns.input + j) * channels + channel);
            }
          }
          const at = ((image * rows.output + row) * columns.output + column) * channels + channel;
          if (kind === 'max') {
            const largest = seen.reduce((best, next) => (x[next] > x[best] ? next : best));
            y[at] = x[largest];
            dx[largest] += dy[at];
          } else {
            y[at] = seen.reduce((sum, next) => sum + x[next], 0) / seen.length;
            for (const next of seen) dx[next] += dy[at] / seen.length;
          }
        }
      }
    }
  }
  return { y, dx };
}

function reached({ input, size, stride, before }: PoolAxis, position: number): number[] {
  const first = position * stride - before;
  return Array.from({ length: size }, (_, offset) => first + offset).filter(
    (index) => index >= 0 && index < input,
  );
}
