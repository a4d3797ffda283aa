import type { Contestant } from './contestants';
import type { Work } from './protocol';

/** One thing to measure, as a row group of the table or a point of a plot. */
export interface Item {
  readonly title: string;
  readonly work: Work;
  /** Multiply-accumulates of one step, times two. */
  readonly flops: number;
  /** Images that one step is done with. */
  readonly images: number;
  /** Where it lies on a plot, if it is a point of one. */
  readonly point?: { readonly chart: string; readonly x: number };
}

/** Items that the same processes do one after the other; memory is that of a group. */
export interface Group {
  /**
   * Those that take turns with each other, ours among them each time. Several where all at once would not fit into
   * memory: a process that is stopped keeps what it has.
   */
  readonly parties: readonly (readonly Contestant[])[];
  readonly items: readonly Item[];
}

/** How long to measure. */
export interface Effort {
  readonly rounds: number;
  /** Milliseconds that a turn takes at least, as far as one step is not longer. */
  readonly turn: number;
  /** A step longer than this, in milliseconds, ... */
  readonly slow: number;
  /** ... is taken in so many rounds only. */
  readonly slowRounds: number;
}

/** All that one case measures. */
export interface Plan {
  readonly name: string;
  readonly title: string;
  readonly effort: Effort;
  readonly groups: readonly Group[];
  /** Axis titles of its plots by chart, for a case whose items are points. */
  readonly charts?: Readonly<Record<string, { readonly title: string; readonly xTitle: string }>>;
}
