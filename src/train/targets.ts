/**
 * What a batch should predict: `1 - smoothing` for the true class and `smoothing` spread over all classes, the true
 * one included, as PyTorch's `label_smoothing` does.
 *
 * Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016.
 *
 * @param labels `[count]`, class indices
 * @returns `[count, classes]`; each row sums to 1
 *
 * @example
 * softTargets(Int32Array.of(1), 4, 0.1); // [0.025, 0.925, 0.025, 0.025]
 */
export function softTargets(labels: Int32Array, classes: number, smoothing: number): Float32Array {
  const targets = new Float32Array(labels.length * classes).fill(smoothing / classes);
  labels.forEach((label, i) => (targets[i * classes + label] += 1 - smoothing));
  return targets;
}
