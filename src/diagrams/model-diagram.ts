import type * as tf from '@tensorflow/tfjs';
import { checkFields } from '../check-kinds';
import { arrow } from './arrow';
import { type Layout, type Rectangle, type Size, layOut } from './model-layout';
import { modelOutline } from './model-outline';
import type { ModelOutline, OutlineDetail, OutlineNode } from './outline';
import { type Row, allNodes, oneBelowTheOther, rowsOf } from './outline-rows';
import { type Line, describedOutline, headingOf, linesOf, widthOf } from './outline-text';
import { type SvgElement, element, svgDocument } from './svg';
import { LINE_HEIGHT, textLine } from './text';

const MARGIN = 20;
const PADDING = 12;
const HEAD = 3 * LINE_HEIGHT + 14;

/** Shortcuts stand out in the colour of the second group. */
const SHORTCUT_COLOR = 1;

/**
 * A picture of a whole model as an SVG file: its stages with shapes, parameters and multiply-accumulates, what reads what,
 * and where paths are added or put together. Laid out by Graphviz.
 *
 * @param detail `'blocks'` by default: each stage's blocks, of which those that repeat are drawn once; `'stages'` alone, or
 * `'layers'`, every one
 * @throws InvalidArgumentError as {@link modelOutline}
 *
 * @example
 * await modelDiagram(createModel('resnext_toy')); // '<svg …'
 */
export async function modelDiagram(model: tf.LayersModel, detail?: OutlineDetail): Promise<string> {
  return outlineDiagram(modelOutline(model, detail));
}

/** The picture of an outline, as {@link modelDiagram} draws it. */
export async function outlineDiagram(outline: ModelOutline): Promise<string> {
  checkFields('outline', 'an outline, as modelOutline makes it of a model', outline, [
    'nodes',
    'edges',
    'stages',
    'blocks',
  ]);
  const texts = new Map(outline.nodes.map((node) => [node.id, linesOf(node, outline)]));
  const rows = outline.detail === 'stages' ? [] : rowsOf(outline);
  const layout = await layOut({
    nodes: outline.nodes.map((node) => {
      const row = rows.find(
        ({ nodes, blocks }) => blocks.length === 0 && nodes.length === 1 && nodes[0] === node.id,
      );
      return { id: node.id, ...boxSize(texts.get(node.id) as Line[], row?.lines.length) };
    }),
    edges: outline.edges,
    frames: rows.map(({ id, nodes, blocks }) => ({
      id,
      nodes,
      frames: blocks.map((block) => ({ ...block, frames: [] })),
    })),
    above: [
      ...oneBelowTheOther(rows.map(allNodes), outline),
      ...rows.flatMap(({ blocks }) =>
        oneBelowTheOther(
          blocks.map(({ nodes }) => nodes),
          outline,
        ),
      ),
    ],
  });
  const heading = headingOf(outline);
  // What stages and blocks are called stands in columns of its own, where no edge comes.
  const columns = [rows, rows.flatMap(({ blocks }) => blocks)].map((titled) =>
    titled.length === 0 ? 0 : Math.max(...titled.map(({ lines }) => widthOf(lines))) + 2 * PADDING,
  );
  const graphLeft = columns[0] + columns[1] + (rows.length === 0 ? 0 : PADDING);
  const inner = Math.max(graphLeft + layout.width + (rows.length === 0 ? 0 : PADDING), widthOf(heading));
  const width = inner + 2 * MARGIN;
  const left = MARGIN + graphLeft + (inner - graphLeft - layout.width) / 2;
  const top = MARGIN + HEAD;
  const moved = (place: Rectangle): Rectangle => ({ ...place, x: place.x + left, y: place.y + top });
  const frameOf = (id: string) => moved(layout.frames.get(id) as Rectangle);
  const drawnRow = (row: Row): SvgElement[] => {
    const { y, height } = frameOf(row.id);
    const band = { x: MARGIN, y, width: inner, height, rx: 8 };
    return [
      element(
        'g',
        { class: 'stage' },
        element('rect', { class: 'box', ...band }),
        ...column(row.lines, MARGIN + PADDING, y + 8),
        ...row.blocks.flatMap(({ id, lines }) =>
          column(lines, MARGIN + columns[0] + PADDING, frameOf(id).y + 6),
        ),
      ),
      ...row.blocks.map(({ id }) =>
        element('rect', { class: 'frame', ...frameOf(id), rx: 7, 'stroke-dasharray': '4 3' }),
      ),
    ];
  };
  return svgDocument({
    width,
    height: top + layout.height + MARGIN,
    title: `${outline.name}, ${outline.detail === 'stages' ? 'its stages' : `stages and ${outline.detail}`}`,
    description: describedOutline(outline),
    content: [
      ...heading.map(({ text, style, muted }, index) =>
        textLine(text, { x: width / 2, y: MARGIN + (index + 0.5) * LINE_HEIGHT, style, muted }),
      ),
      ...rows.flatMap(drawnRow),
      ...drawnEdges(outline, layout, [left, top]),
      ...outline.nodes.map((node) =>
        drawnNode(node, moved(layout.nodes.get(node.id) as Rectangle), texts.get(node.id) as Line[]),
      ),
    ],
  });
}

/** @param beside lines of what stands beside it and must not be higher */
function boxSize(lines: readonly Line[], beside = 0): Size {
  const height = Math.max(lines.length * LINE_HEIGHT + 10, beside * LINE_HEIGHT - 4);
  return { width: widthOf(lines) + 2 * PADDING, height };
}

function column(lines: readonly Line[], x: number, y: number): SvgElement[] {
  return lines.map(({ text, style, muted }, index) =>
    textLine(text, { x, y: y + (index + 0.5) * LINE_HEIGHT, style, muted, anchor: 'start' }),
  );
}

function drawnNode(node: OutlineNode, place: Rectangle, lines: readonly Line[]): SvgElement {
  const { x, y, width, height } = place;
  const middle = y + (height - lines.length * LINE_HEIGHT) / 2;
  return element(
    'g',
    { class: node.kind, 'data-node': node.id },
    element('rect', { class: 'node', x, y, width, height, rx: node.kind === 'layers' ? 6 : height / 2 }),
    ...lines.map(({ text, style, muted }, index) =>
      textLine(text, { x: x + width / 2, y: middle + (index + 0.5) * LINE_HEIGHT, style, muted }),
    ),
  );
}

function drawnEdges(
  { edges }: ModelOutline,
  layout: Layout,
  [left, top]: readonly [number, number],
): SvgElement[] {
  return edges.map(({ from, to, isShortcut }, index) => {
    const points = layout.edges[index].map(([x, y]) => [x + left, y + top] as const);
    return element(
      'g',
      { class: isShortcut ? 'shortcut' : 'through', 'data-from': from, 'data-to': to },
      arrow(points, isShortcut ? SHORTCUT_COLOR : 'plain', true),
    );
  });
}
