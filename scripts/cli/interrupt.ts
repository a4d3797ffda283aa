import { note } from './output';

/** Ctrl-C, or a polite request to end, as an abort signal. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /**
   * From here on the first Ctrl-C aborts the signal and the second ends the process; before, the first ends it. A second call
   * does nothing, so that each of several runs may make it.
   */
  arm(): void;
  /** Gives Ctrl-C its usual effect back. */
  disarm(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Lets work that can be stopped save its state first.
 *
 * @param promise what is said on the first Ctrl-C, such as `saving`
 */
export function createInterrupt(promise: string): Interrupt {
  const controller = new AbortController();
  // Without a listener the system ends the process at once, even within a native call, where no JavaScript runs.
  const disarm = (): void => SIGNALS.forEach((name) => process.removeListener(name, onSignal));
  const onSignal = (): void => {
    disarm();
    note(`${promise}; Ctrl-C again leaves at once`);
    controller.abort();
  };
  let isArmed = false;
  const arm = (): void => {
    if (!isArmed) SIGNALS.forEach((name) => process.on(name, onSignal));
    isArmed = true;
  };
  return { signal: controller.signal, arm, disarm };
}
