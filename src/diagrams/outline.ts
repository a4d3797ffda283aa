import type { ImageShape, ParamCount } from '../inspect/inspect-model';

/** How much of a model is told apart. */
export const OUTLINE_DETAILS = ['stages', 'blocks', 'layers'] as const;
export type OutlineDetail = (typeof OUTLINE_DETAILS)[number];

/** Layers that are drawn as one. */
export interface OutlineNode {
  /** Unique within the outline. */
  readonly id: string;
  /** `join` where several values become one. */
  readonly kind: 'input' | 'layers' | 'join';
  /** The stage and the block that it is in; none for the input, and a block only where the detail shows blocks. */
  readonly stage?: string;
  readonly block?: string;
  /** The names of the layers, in the order of the forward pass. */
  readonly layers: readonly string[];
  /** What they do, a line each; norms and activations are not said unless there is nothing else. */
  readonly operations: readonly string[];
  readonly outputShape: ImageShape;
  readonly params: ParamCount;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
}

/** One node reads what another puts out. */
export interface OutlineEdge {
  readonly from: string;
  readonly to: string;
  /** Whether it goes past other nodes to a join: the identity of a residual block, and the like. */
  readonly isShortcut: boolean;
}

/** A part of a model, and what it comes to as a whole. */
export interface OutlinePart {
  readonly name: string;
  readonly outputShape: ImageShape;
  readonly params: ParamCount;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
}

/** Blocks that are the same, one after the other, of which the first stands for all. */
export interface OutlineBlock {
  readonly name: string;
  readonly stage: string;
  /** The name of the last of them. */
  readonly last: string;
  readonly repeats: number;
}

/** What a diagram of a model shows, in words and numbers. */
export interface ModelOutline {
  readonly name: string;
  readonly inputShape: ImageShape;
  readonly params: ParamCount;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
  readonly detail: OutlineDetail;
  readonly stages: readonly OutlinePart[];
  /** Of detail `blocks`; else none. A block's nodes count once for each time that it repeats. */
  readonly blocks: readonly OutlineBlock[];
  /** Each after those that it reads. */
  readonly nodes: readonly OutlineNode[];
  readonly edges: readonly OutlineEdge[];
}
