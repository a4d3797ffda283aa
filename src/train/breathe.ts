/**
 * Lets timers, signals and the page run. The native backend computes synchronously, so that a loop which only awaits
 * its results never yields, and Ctrl-C would wait until its end.
 */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
