/** A transfer that brings less than {@link LEAST_BYTES} in so many milliseconds has stalled. */
export const PATIENCE_MS = 30_000;
/** Far less than the slowest network brings meanwhile; a byte now and then is no progress. */
export const LEAST_BYTES = 30 * 1024;

/** Watches over a transfer, and aborts it by {@link StallWatch.signal} once it has stalled or whoever reads has had enough. */
export class StallWatch {
  private readonly controller = new AbortController();
  private timer: ReturnType<typeof setTimeout>;
  private came = 0;

  constructor(private readonly patience = PATIENCE_MS) {
    this.timer = this.wait();
  }

  /** Goes to what makes the transfer. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** To be told of all that comes. */
  received(bytes: number): void {
    this.came += bytes;
    if (this.came < LEAST_BYTES) return;
    this.came = 0;
    clearTimeout(this.timer);
    this.timer = this.wait();
  }

  /** Leaves what is not wanted any more. */
  abort(reason: Error): void {
    this.stop();
    this.controller.abort(reason);
  }

  /** To be called when the transfer is over, however it ended. */
  stop(): void {
    clearTimeout(this.timer);
  }

  private wait(): ReturnType<typeof setTimeout> {
    const what = () => new Error(`it stalled: ${this.came} bytes came in ${this.patience / 1000} s`);
    return setTimeout(() => this.controller.abort(what()), this.patience);
  }
}
