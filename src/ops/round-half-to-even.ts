/**
 * The nearest whole number, and of two that are equally near the even one, as IEEE 754, NumPy and PyTorch round.
 *
 * @example
 * roundHalfToEven(22.5); // 22, where Math.round gives 23
 */
export function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
