import * as tf from '@tensorflow/tfjs';

/** What tfjs-core's engine knows of where data are; public at run time and stable over the 4.x releases. */
interface Engine {
  readonly backend: tf.KernelBackend;
  readonly state: { readonly tensorInfo: WeakMap<object, { backend: tf.KernelBackend }> };
  moveData(backend: tf.KernelBackend, dataId: object): void;
}

/**
 * The backend that is current when long work begins, on which all of it is done: what else runs meanwhile, between its steps, may
 * take another, and finds that one again.
 */
export class OwnBackend {
  private readonly name = tf.getBackend();

  /** @param weights the work's own, which whoever uses them on another backend moves there */
  constructor(private readonly weights: () => readonly tf.LayerVariable[]) {}

  /** Runs `work`, up to its first `await`, on the own backend. */
  during<T>(work: () => T): T {
    const other = tf.getBackend();
    // Of a backend that is ready, the promise is of what is done already.
    if (other !== this.name) void tf.setBackend(this.name);
    try {
      this.bringBack();
      return work();
    } finally {
      if (other !== this.name) void tf.setBackend(other);
    }
  }

  private bringBack(): void {
    const engine = tf.engine() as unknown as Engine;
    for (const weight of this.weights()) {
      const { dataId } = weight.read();
      const info = engine.state.tensorInfo.get(dataId);
      if (info !== undefined && info.backend !== engine.backend) engine.moveData(engine.backend, dataId);
    }
  }
}
