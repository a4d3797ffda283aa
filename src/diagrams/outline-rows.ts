import { spanName } from './module-names';
import type { ModelOutline, OutlineBlock, OutlineNode } from './outline';
import { type Line, costLines, shapeText } from './outline-text';

/** Nodes in a frame, and what it is called. */
export interface Titled {
  readonly id: string;
  readonly nodes: readonly string[];
  readonly lines: readonly Line[];
}

/** A stage: its blocks, and the nodes that are in none. */
export interface Row extends Titled {
  readonly blocks: readonly Titled[];
}

/** The stages of an outline, from top to bottom. */
export function rowsOf({ stages, blocks, nodes }: ModelOutline): Row[] {
  return stages.map((stage, index): Row => {
    const own = nodes.filter((node) => node.stage === stage.name);
    const framed = blocks.filter((block) => block.stage === stage.name);
    const isFree = ({ block }: OutlineNode) => framed.every(({ name }) => name !== block);
    const small = { style: 'small', muted: true } as const;
    const lines: Line[] = [
      { text: stage.name, style: 'strong' },
      { text: `${shapeText(stage.outputShape)} out`, ...small },
      ...costLines(stage).map((text) => ({ text, ...small })),
    ];
    return {
      id: `s${index}`,
      nodes: own.filter(isFree).map(({ id }) => id),
      lines,
      blocks: framed.map((block, position) => ({
        id: `s${index}b${position}`,
        nodes: own.filter((node) => node.block === block.name).map(({ id }) => id),
        lines: blockLines(block),
      })),
    };
  });
}

/** All nodes of a stage. */
export function allNodes({ nodes, blocks }: Row): string[] {
  return [...nodes, ...blocks.flatMap((block) => block.nodes)];
}

function blockLines({ name, last, repeats }: OutlineBlock): Line[] {
  if (repeats === 1) return [{ text: name, style: 'normal' }];
  return [
    { text: spanName(name, last), style: 'normal' },
    { text: `${repeats} times`, style: 'strong' },
  ];
}

/** What keeps parts from standing beside each other: the ends of each are above the beginnings of the next. */
export function oneBelowTheOther(
  parts: readonly (readonly string[])[],
  { edges }: ModelOutline,
): [string, string][] {
  return parts.slice(1).flatMap((lower, index) => {
    const upper = parts[index];
    const ends = upper.filter((id) => !edges.some(({ from, to }) => from === id && upper.includes(to)));
    const starts = lower.filter((id) => !edges.some(({ from, to }) => to === id && lower.includes(from)));
    return ends.flatMap((end) =>
      starts
        .filter((start) => !edges.some(({ from, to }) => from === end && to === start))
        .map((start): [string, string] => [end, start]),
    );
  });
}
