import { startProgress, type Progress } from './progress';

/** Shows measurements on stderr as they go; `stop` ends what is being drawn. */
export interface MeasureProgress {
  onProgress(label: string, done: number, total: number): void;
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
    onProgress(label, done, total) {
      if (shown?.label !== label) {
        stop();
        shown = { label, progress: startProgress(label, total, 'rounds') };
      }
      shown.progress.update(done);
    },
  };
}
