import type { ScheduleName } from './recipe';

/** The learning rate of an optimiser step, counted from 0. */
export type Schedule = (step: number) => number;

export interface ScheduleOptions {
  readonly learningRate: number;
  /** Steps of the whole run. */
  readonly totalSteps: number;
  /** Steps of linear rise at the start; `one-cycle` and `triangular` do not use it. */
  readonly warmupSteps: number;
}

/**
 * A schedule by name.
 *
 * @example
 * const schedule = createSchedule('cosine', { learningRate: 0.1, totalSteps: 1000, warmupSteps: 50 });
 * schedule(0); // 0.002
 */
export function createSchedule(name: ScheduleName, options: ScheduleOptions): Schedule {
  switch (name) {
    case 'constant':
      return withWarmup(() => options.learningRate, options);
    case 'cosine':
      return withWarmup(cosine(options), options);
    case 'one-cycle':
      return oneCycle(options);
    case 'triangular':
      return triangular(options);
  }
}

/** Rises from a first step of `rate / warmupSteps` to the full rate, then hands over. */
function withWarmup(schedule: Schedule, { learningRate, warmupSteps }: ScheduleOptions): Schedule {
  return (step) => (step < warmupSteps ? (learningRate * (step + 1)) / warmupSteps : schedule(step));
}

/** Half a cosine from the full rate, at the end of the warm-up, towards 0. Loshchilov & Hutter, "SGDR", ICLR 2017. */
function cosine({ learningRate, totalSteps, warmupSteps }: ScheduleOptions): Schedule {
  return (step) => {
    const share = (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
    return between(learningRate, 0, share);
  };
}

/**
 * Up from 1/25 of the rate for the first 30 % of the steps, then down to 1/250000 of it, both along a cosine: the
 * rates of PyTorch's `OneCycleLR` at its defaults. Momentum is left alone.
 *
 * Smith & Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates", 2018.
 */
function oneCycle({ learningRate, totalSteps }: ScheduleOptions): Schedule {
  const start = learningRate / 25;
  const end = start / 1e4;
  const peak = 0.3 * totalSteps - 1;
  const last = totalSteps - 1;
  return (step) => {
    if (step <= peak) return between(start, learningRate, step / peak);
    return between(learningRate, end, (step - Math.max(peak, 0)) / Math.max(1, last - Math.max(peak, 0)));
  };
}

/**
 * From a fifth of the rate linearly up to it over the first 23 % of the steps, then linearly down to 7 % of it: the rates of
 * Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024.
 */
function triangular({ learningRate, totalSteps }: ScheduleOptions): Schedule {
  const peak = Math.floor(0.23 * totalSteps);
  return (step) => {
    if (step < peak) return learningRate * (0.2 + (0.8 * step) / peak);
    return learningRate * (1 - (0.93 * (step - peak)) / (totalSteps - peak));
  };
}

/** From `from` at share 0 to `to` at share 1 along half a cosine. */
function between(from: number, to: number, share: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * Math.min(1, share)))) / 2;
}
