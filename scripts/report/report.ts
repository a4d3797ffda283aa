import type { LayerReport } from '../../src/inspect/inspect-model';
import type { Recipe } from '../../src/train/recipe';
import type { EpochMetrics } from '../../src/train/train-state';
import type { ExampleImage } from './choose-examples';

/** A finished run of a report. */
export interface ReportRun {
  /** Its folder, as it was named. */
  readonly run: string;
  readonly seed: number;
  /** Share of the test images, from 0 to 1. */
  readonly testAccuracy: number;
  readonly testLoss: number;
  /** The epoch that was tested. */
  readonly bestEpoch: number;
  readonly trainSeconds: number;
  readonly trainImagesPerSecond: number;
  readonly backend: string;
  readonly versions: Readonly<Record<string, string>>;
  /** The line that trains it again, and what of it no option says. */
  readonly command: string;
  readonly missingOptions: readonly string[];
  readonly history: readonly EpochMetrics[];
}

/** What was measured now, on this machine, of a group's first run. */
export interface Measured {
  readonly latencyMs: number;
  readonly imagesPerSecond: number;
  /** Of the exported model. */
  readonly bytes: number;
}

/** Runs that differ in their seed alone, and what they come to. */
export interface ReportGroup {
  readonly label: string;
  readonly model: string;
  /** The label of the group that is the same network with one group, trained alike. */
  readonly denseTwin: string | null;
  readonly runs: readonly ReportRun[];
  readonly meanAccuracy: number;
  /** Sample standard deviation; `null` for a single run. */
  readonly accuracyDeviation: number | null;
  readonly trainableParameters: number;
  /** Batch norm's moving statistics included. */
  readonly totalParameters: number;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
  readonly trainImages: number;
  readonly testImages: number;
  /** Which images those were, such as `cifar10/test`. */
  readonly testData: string;
  readonly epochs: number;
  /** Medians over the runs. */
  readonly trainSeconds: number;
  readonly trainImagesPerSecond: number;
  readonly measured: Measured | null;
  readonly classNames: readonly string[];
  /** `[true class][predicted class]`, numbers of test images, summed over the runs. */
  readonly confusion: readonly (readonly number[])[];
  /** Share of right predictions by true class, over all runs; `null` for a class without test images. */
  readonly classAccuracy: readonly (number | null)[];
  readonly recipe: Omit<Recipe, 'seed'>;
  readonly inputShape: readonly number[];
  readonly layers: readonly LayerReport[];
  /** Of the first run; empty where there are no images. */
  readonly examples: { readonly wrong: readonly ExampleImage[]; readonly right: readonly ExampleImage[] };
}

/** All that a report shows; what `FILE.json` holds. */
export interface Report {
  /** What the numbers say, sentence by sentence. */
  readonly headline: readonly string[];
  /** ISO 8601. */
  readonly date: string;
  /** Where this was put together and measured. */
  readonly machine: Readonly<Record<string, string>>;
  readonly commit: { readonly version: string; readonly hash: string | null; readonly isDirty: boolean };
  /** What speed was measured on; `null` where it was not. */
  readonly measuredOn: string | null;
  /** Whether example images were asked for. */
  readonly hasImages: boolean;
  readonly groups: readonly ReportGroup[];
  /** Folders of runs that were left out because they are not finished. */
  readonly unfinished: readonly string[];
}
