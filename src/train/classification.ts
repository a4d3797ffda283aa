/**
 * The class with the highest logit in each row; the first of them where several are highest.
 *
 * @param logits `[count, classes]`
 */
export function predictedClasses(logits: Float32Array, classes: number): Int32Array {
  const count = logits.length / classes;
  const predicted = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    let best = 0;
    for (let c = 1; c < classes; c++) if (logits[i * classes + c] > logits[i * classes + best]) best = c;
    predicted[i] = best;
  }
  return predicted;
}

/** How many predictions are right. */
export function countCorrect(predicted: Int32Array, labels: Int32Array): number {
  return predicted.reduce((sum, label, i) => sum + (label === labels[i] ? 1 : 0), 0);
}

/**
 * The sum over a batch of the softmax cross-entropy, in natural units, of logits against class indices.
 *
 * @param logits `[count, classes]`
 */
export function crossEntropySum(logits: Float32Array, labels: Int32Array, classes: number): number {
  let sum = 0;
  labels.forEach((label, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    // Taking the highest off first keeps the exponentials finite.
    const highest = row.reduce((most, logit) => Math.max(most, logit), -Infinity);
    const total = row.reduce((partial, logit) => partial + Math.exp(logit - highest), 0);
    sum += Math.log(total) + highest - row[label];
  });
  return sum;
}
