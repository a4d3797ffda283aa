import { startProgress, type Progress } from './progress';

/** Shows measurements, or other steps of long work, on stderr as they go; `stop` ends what is being drawn. */
export interface MeasureProgress {
  /** @param unit what is counted; `rounds` by default */
  onProgress(label: string, done: number, total: number, unit?: string): void;
  stop(): void;
}

export function createMeasureProgress(): MeasureProgress {
  let shown: { label: string; progress: Progress } | undefined;
  const stop = (): void => {
    shown?.progress.stop();
    shown = undefined;
  };
  return {
    stop,
    onProgress(label, done, total, unit = 'rounds') {
      if (shown?.label !== label) {
        stop();
        shown = { label, progress: startProgress(label, total, unit) };
      }
      shown.progress.update(done);
    },
  };
}
